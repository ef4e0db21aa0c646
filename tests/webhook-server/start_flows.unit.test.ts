import { describe, expect, it } from "vitest";
import type { WaitingMessage } from "../../webhook-server/inbox.ts";
import { oneMessagePerContact } from "../../webhook-server/start_flows.ts";
import { jobIdOf } from "../../webhook-server/windmill.ts";

function waiting(overrides: Partial<WaitingMessage>): WaitingMessage {
  return {
    webhookEventId: 1,
    phoneNumberId: "100",
    externalId: "wamid.A",
    sender: "MX.1001",
    startAfterSeconds: 1.5,
    isNew: true,
    ...overrides,
  };
}

describe("oneMessagePerContact", () => {
  it("keeps the oldest message of each contact of each number", () => {
    const kept = oneMessagePerContact([
      waiting({ webhookEventId: 3 }),
      waiting({ webhookEventId: 2 }),
      waiting({ webhookEventId: 4, sender: "MX.1002" }),
      waiting({ webhookEventId: 5, phoneNumberId: "200" }),
    ]);
    expect(kept.map((message) => message.webhookEventId).sort()).toEqual([2, 4, 5]);
  });

  it("starts as early as the contact's most urgent message asks", () => {
    const kept = oneMessagePerContact([
      waiting({ webhookEventId: 1, startAfterSeconds: 1.5 }),
      waiting({ webhookEventId: 2, startAfterSeconds: 0 }),
    ]);
    expect(kept).toMatchObject([{ webhookEventId: 1, startAfterSeconds: 0 }]);
  });
});

describe("jobIdOf", () => {
  it("is the same for every delivery of a message, and another for every other message", () => {
    const id = jobIdOf(waiting({}));
    expect(jobIdOf(waiting({ webhookEventId: 99, isNew: false }))).toBe(id);
    expect(jobIdOf(waiting({ externalId: "wamid.B" }))).not.toBe(id);
    expect(jobIdOf(waiting({ phoneNumberId: "200" }))).not.toBe(id);
  });
});
