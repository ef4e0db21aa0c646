import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { insertContact, insertTurn } from "../helpers/records.ts";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("a contact", () => {
  it.each(["generating", "replying"] as const)(
    "has at most one live turn: a second is refused while one is %s",
    async (status) => {
      const contact_id = (await insertContact(database)).id;
      await insertTurn(database, { contact_id, status });
      await expect(insertTurn(database, { contact_id })).rejects.toMatchObject({
        code: "23505",
        constraint: "turns_one_live_per_contact",
      });
    },
  );

  it.each(["completed", "failed"] as const)("has a new turn after one that %s", async (status) => {
    const contact_id = (await insertContact(database)).id;
    await insertTurn(database, { contact_id, status });
    await expect(insertTurn(database, { contact_id })).resolves.toMatchObject({ contact_id });
  });

  it("does not wait for another contact of the same chatbot", async () => {
    const first = await insertContact(database);
    const second = await insertContact(database, { chatbot_id: first.chatbot_id });
    await insertTurn(database, { contact_id: first.id });
    await expect(insertTurn(database, { contact_id: second.id })).resolves.toBeDefined();
  });
});

describe("a turn", () => {
  it("is not replying without a reply", async () => {
    const turn = insertTurn(database, { status: "replying", reply: null, reply_kind: null });
    await expect(turn).rejects.toMatchObject({ code: "23514" });
  });

  it("is finished when, and only when, it has an end", async () => {
    const ended = insertTurn(database, { finished_at: new Date() });
    await expect(ended).rejects.toMatchObject({ code: "23514" });
    const endless = insertTurn(database, { status: "completed", finished_at: null });
    await expect(endless).rejects.toMatchObject({ code: "23514" });
  });
});
