import { expect, it } from "vitest";
import { toolName } from "../../../../f/chat/tools/tool_name.ts";

it("puts the integration before the tool", () => {
  expect(toolName("orders", "get-status")).toBe("orders__get-status");
});

it("keeps names that providers take as they are, up to 64 characters", () => {
  const tool = "t".repeat(64 - "orders__".length);
  expect(toolName("orders", tool)).toBe(`orders__${tool}`);
  expect(toolName("orders", `${tool}t`)).toHaveLength(64);
});

it("makes other names fit and keeps them apart", () => {
  const names = ["a.b", "a/b", "a b", "a_b", "x".repeat(80), `${"x".repeat(80)}y`].map((tool) =>
    toolName("orders", tool),
  );
  for (const name of names) expect(name).toMatch(/^orders__[a-zA-Z0-9_-]{1,56}$/);
  expect(new Set(names).size).toBe(names.length);
});
