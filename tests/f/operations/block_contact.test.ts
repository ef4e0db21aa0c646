import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blockContact } from "../../../f/operations/block_contact.ts";
import type { BlockedName } from "../../../f/operations/blocked_name.ts";
import { unblockContact } from "../../../f/operations/unblock_contact.ts";
import { RowNotFoundError } from "../../../f/platform/tenant_of_row.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertContact } from "../../helpers/records.ts";
import { createTestDatabase, openShop, type Shop } from "../chat/shop.ts";
import { OPERATOR } from "./operators.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const WHO = { bsuid: "DE.4711", phone: "491514711" };
const BY_PHONE: BlockedName = { kind: "phone", phone: WHO.phone, isPrefix: false };
const BY_BSUID: BlockedName = { kind: "bsuid", bsuid: WHO.bsuid };
const BY_PREFIX: BlockedName = { kind: "phone", phone: "4915", isPrefix: true };

const block = (shop: Shop, name: BlockedName) =>
  shop.as((database) => blockContact(database, shop.chatbot.id, name, OPERATOR));
const unblock = (shop: Shop, name: BlockedName) =>
  shop.as((database) => unblockContact(database, shop.chatbot.id, name, OPERATOR));

async function outcome(shop: Shop) {
  const event = await shop.contactWrites("Hello", {
    sender_bsuid: WHO.bsuid,
    sender_phone: WHO.phone,
  });
  const context = await shop.load(event);
  if (context.outcome === "reply") await shop.finish(context);
  return context.outcome;
}

describe.each([
  ["a number", BY_PHONE],
  ["an id", BY_BSUID],
  ["a beginning of numbers", BY_PREFIX],
])("%s", (_, name) => {
  it("is blocked before anybody wrote from it, and answered when it is unblocked", async () => {
    const shop = await openShop(db);
    expect(await block(shop, name)).toEqual({ outcome: "blocked", contact_ids: [] });
    expect(await outcome(shop)).toBe("blocked");
    expect(await unblock(shop, name)).toMatchObject({
      outcome: "unblocked",
      still_blocked_by: null,
    });
    expect(await outcome(shop)).toBe("reply");
  });

  it("is blocked once, and unblocked once", async () => {
    const shop = await openShop(db);
    await insertContact(db, { chatbot_id: shop.chatbot.id, ...WHO });
    await block(shop, name);
    expect(await block(shop, name)).toEqual({ outcome: "already_blocked", contact_ids: [] });
    await unblock(shop, name);
    expect(await unblock(shop, name)).toMatchObject({ outcome: "not_blocked", contact_ids: [] });
  });
});

describe("a contact who wrote before", () => {
  it("is blocked and unblocked by its id, its number or its name at WhatsApp", async () => {
    const shop = await openShop(db);
    const { id } = await insertContact(db, { chatbot_id: shop.chatbot.id, ...WHO });
    const byId: BlockedName = { kind: "contact", contactId: id };
    for (const name of [byId, BY_PHONE, BY_BSUID]) {
      expect(await block(shop, name)).toEqual({ outcome: "blocked", contact_ids: [id] });
      expect(await outcome(shop)).toBe("blocked");
      expect(await unblock(shop, byId)).toMatchObject({ outcome: "unblocked", contact_ids: [id] });
      expect(await outcome(shop)).toBe("reply");
    }
  });

  it("stays blocked by the beginning of its number, which the answer says", async () => {
    const shop = await openShop(db);
    const { id } = await insertContact(db, { chatbot_id: shop.chatbot.id, ...WHO });
    await block(shop, BY_PREFIX);
    const unblocked = await unblock(shop, { kind: "contact", contactId: id });
    expect(unblocked).toEqual({
      outcome: "not_blocked",
      contact_ids: [],
      still_blocked_by: "4915*",
    });
    expect(await outcome(shop)).toBe("blocked");
  });

  it("is answered again when it is unblocked in a silence", async () => {
    const shop = await openShop(db);
    const { id } = await insertContact(db, { chatbot_id: shop.chatbot.id, ...WHO });
    await db.query(
      "update contacts set silenced_until = now() + interval '1 day', penalties = 9 where id = $1",
      [id],
    );
    expect(await outcome(shop)).toBe("silenced");
    await unblock(shop, { kind: "contact", contactId: id });
    expect(await outcome(shop)).toBe("reply");
  });
});

describe("what there is not", () => {
  it("is refused: a chatbot, a contact, another chatbot's contact", async () => {
    const [shop, other] = [await openShop(db), await openShop(db)];
    const theirs = await insertContact(db, { chatbot_id: other.chatbot.id });
    const nobody: BlockedName = { kind: "contact", contactId: randomUUID() };
    const foreign: BlockedName = { kind: "contact", contactId: theirs.id };
    await expect(block(shop, nobody)).rejects.toThrow(RowNotFoundError);
    await expect(block(shop, foreign)).rejects.toThrow(RowNotFoundError);
    await expect(unblock(shop, foreign)).rejects.toThrow(RowNotFoundError);
    const inNoChatbot = shop.as((database) =>
      blockContact(database, randomUUID(), BY_PHONE, OPERATOR),
    );
    await expect(inNoChatbot).rejects.toThrow(RowNotFoundError);
    expect((await block(other, foreign)).outcome).toBe("blocked"); // control
  });
});
