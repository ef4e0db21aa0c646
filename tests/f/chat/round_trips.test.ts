import { afterAll, beforeAll, expect, it } from "vitest";
import { type CountingGate, startCountingGate } from "../../../bench/turn/counting_gate.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { createTestDatabase, openShop, type Shop } from "./shop.ts";

let db: TestDatabase;
let gate: CountingGate;
beforeAll(async () => {
  db = await createTestDatabase();
  const { host, port } = db.resource("chatbot_app");
  gate = await startCountingGate(host, port);
});
afterAll(async () => {
  await gate.close();
  await db.close();
});

/** A shop whose steps come to the database through the gate. */
async function openCountedShop(): Promise<Shop> {
  const counted: TestDatabase = {
    ...db,
    resource: (role) => ({ ...db.resource(role), host: "127.0.0.1", port: gate.port }),
  };
  return openShop(counted);
}

async function counted(step: Promise<unknown>): Promise<number> {
  const before = gate.roundTrips();
  await step;
  return gate.roundTrips() - before;
}

/** Of one turn, by step; connecting is one. */
async function roundTripsOfTurn(shop: Shop, text: string) {
  const event = await shop.contactWrites(text);
  const loading = shop.claim(event);
  const load = await counted(loading);
  const context = await loading;
  return {
    load_context: load,
    generate_reply: await counted(shop.generate(context)),
    send_reply: await counted(shop.send(context)),
    save_history: await counted(shop.save(context)),
    log_usage: await counted(shop.log(context)),
    finish_turn: await counted(shop.finish(context)),
  };
}

it("asks the database so often in a turn and no more: each is a wait on the way to the contact", async () => {
  const shop = await openCountedShop();
  await roundTripsOfTurn(shop, "Hello"); // makes the contact, and the row of the billing period
  expect(await roundTripsOfTurn(shop, "When do you open?")).toEqual({
    load_context: 19,
    generate_reply: 8,
    send_reply: 12,
    save_history: 6,
    log_usage: 6,
    finish_turn: 9,
  });
});
