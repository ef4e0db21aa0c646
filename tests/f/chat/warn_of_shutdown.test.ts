import { afterAll, beforeAll, expect, it, vi } from "vitest";
import * as wmill from "windmill-client";
import { warnOfShutdown } from "../../../f/chat/warn_of_shutdown.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { openShop } from "./shop.ts";

vi.mock("windmill-client");

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  vi.mocked(wmill.getVariable).mockResolvedValue("");
});
afterAll(() => db.close());

it("alerts once about a model whose last day has passed, and not before", async () => {
  const shop = await openShop(db);
  const { id: organizationId } = shop.organization;
  const warn = (today: string) =>
    shop.as((database) => {
      const inUse = { organizationId, chatbotId: shop.chatbot.id, model: "gemini-2.5-flash" };
      return warnOfShutdown(database, inUse, new Date(today));
    });
  const alerts = () =>
    db.query("select kind from system_alerts where organization_id = $1", [organizationId]);
  await warn("2026-11-30");
  expect(await alerts()).toEqual([]);
  await warn("2026-12-01");
  await warn("2026-12-02");
  expect(await alerts()).toEqual([{ kind: "model_shut_down" }]);
});
