import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { TURN_TIMEOUT_MS } from "../../../f/chat/agent/stop_rules.ts";
import { TURN_LEASE } from "../../../f/platform/turn_lease.ts";

const step = z.object({
  id: z.string(),
  timeout: z.object({ value: z.number() }),
  retry: z.object({
    exponential: z
      .object({ attempts: z.number(), multiplier: z.number(), seconds: z.number() })
      .optional(),
  }),
});
const branches = z.object({
  value: z.object({ branches: z.array(z.object({ modules: z.array(step) })) }),
});
const flow = z.object({
  value: z.object({ modules: z.array(z.union([step, branches])) }),
});

const file = new URL("../../../f/chat/whatsapp_webhook_processor__flow/flow.yaml", import.meta.url);
const steps = flow
  .parse(parse(readFileSync(file, "utf8")))
  .value.modules.flatMap((module) =>
    "id" in module ? [module] : module.value.branches.flatMap(({ modules }) => modules),
  );
const stepNamed = (id: string) => {
  const found = steps.find((candidate) => candidate.id === id);
  if (!found) throw new Error(`flow.yaml has no step ${id}`);
  return found;
};
const leaseSeconds = Number(TURN_LEASE.replace(" seconds", ""));

it.each(steps)("gives $id less time than the turn's lease lasts", ({ timeout }) => {
  expect(timeout.value).toBeLessThan(leaseSeconds);
});

it("does not end the making of a reply before its own limit does", () => {
  expect(stepNamed("generate_reply").timeout.value).toBeGreaterThan(TURN_TIMEOUT_MS / 1_000);
});

it("lets the lease outlast the longest pause before a reply is sent again, and that attempt", () => {
  const { timeout, retry } = stepNamed("send_reply");
  const { multiplier = 0, seconds = 0, attempts = 0 } = retry.exponential ?? {};
  // Windmill: multiplier × seconds ^ attempt
  const longestPause = multiplier * seconds ** attempts;
  expect(longestPause).toBe(64); // Meta's pause for its pair rate limit
  expect(longestPause + timeout.value).toBeLessThan(leaseSeconds);
});
