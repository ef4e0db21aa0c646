import { describe, expect, it } from "vitest";
import { retryAfterMs } from "../../../f/platform/openai.ts";

describe("retryAfterMs", () => {
  const now = Date.parse("2026-11-21T12:00:00Z");
  it.each([
    [{ "retry-after": "3" }, 3_000],
    [{ "retry-after": "0" }, 0],
    [{ "retry-after": "Sat, 21 Nov 2026 12:00:05 GMT" }, 5_000],
    [{ "retry-after": "Sat, 21 Nov 2026 11:00:00 GMT" }, 0],
    [{ "retry-after": "soon" }, undefined],
    [{ "retry-after-ms": "250", "retry-after": "1" }, 250],
    [{}, undefined],
  ])("reads %j", (headers, expected) => {
    expect(retryAfterMs(new Headers(headers as Record<string, string>), now)).toBe(expected);
  });

  it("reads nothing where no response came", () => {
    expect(retryAfterMs(undefined)).toBeUndefined();
  });
});
