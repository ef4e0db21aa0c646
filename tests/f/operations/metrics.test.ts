import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readMetrics } from "../../../f/operations/metrics.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertSystemAlert } from "../../helpers/records.ts";
import { createTestDatabase, openShop, type Shop } from "../chat/shop.ts";

let db: TestDatabase;
let busy: Shop;
let idle: Shop;
let page: string;
beforeAll(async () => {
  db = await createTestDatabase();
  busy = await openShop(db);
  idle = await openShop(db);
  await db.query("update organizations set message_limit = 10 where id = $1", [
    busy.organization.id,
  ]);
  await busy.answer(await busy.contactWrites("When do you open?"));
  await busy.contactWrites("Thanks");
  await insertSystemAlert(db, { organization_id: busy.organization.id });
  ({ result: page } = await busy.as(readMetrics));
});
afterAll(() => db.close());

const metric = (name: string, shop: Shop, labels = "") => {
  const start = `${name}{organization="${shop.organization.slug}"${labels}} `;
  const line = page.split("\n").find((candidate) => candidate.startsWith(start));
  return line === undefined ? undefined : Number(line.slice(start.length));
};

describe("the metrics of an organization", () => {
  it.each([
    ["chatbot_conversations", "", 1, 0],
    ["chatbot_handovers", "", 0, 0],
    ["chatbot_automation_ratio", "", 1, undefined],
    ["chatbot_turns", ',status="completed"', 1, undefined],
    ["chatbot_tokens", ',type="input"', 100, 0],
    ["chatbot_tokens", ',type="output"', 20, 0],
    ["chatbot_quota_used_ratio", "", 0.1, 0],
    ["chatbot_alerts", ',kind="step_failed",severity="error"', 1, undefined],
  ])("%s%s is its own", (name, labels, ofBusy, ofIdle) => {
    expect(metric(name, busy, labels)).toBe(ofBusy);
    expect(metric(name, idle, labels)).toBe(ofIdle);
  });

  it("say how long replies take and how long a message has been waiting", () => {
    for (const quantile of ["0.5", "0.95"]) {
      expect(metric("chatbot_reply_seconds", busy, `,quantile="${quantile}"`)).toBeGreaterThan(0);
    }
    expect(metric("chatbot_oldest_waiting_event_seconds", busy)).toBeGreaterThan(0);
    expect(metric("chatbot_oldest_waiting_event_seconds", idle)).toBe(0);
  });

  it("hold nothing that a contact said or is called", () => {
    expect(page).not.toMatch(/Grace|4915|When do you open/);
  });

  it("each have a type and a sentence", () => {
    const names = new Set(page.match(/^chatbot_\w+/gm));
    expect(names.size).toBeGreaterThan(9);
    for (const name of names) {
      expect(page).toMatch(new RegExp(`^# HELP ${name} \\S.*\\.$`, "m"));
      expect(page).toContain(`# TYPE ${name} gauge`);
    }
  });
});
