import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { asMetaSends, change, textMessage, webhook } from "../helpers/meta_webhooks.ts";
import { insertChatbot } from "../helpers/records.ts";
import { startTestIngress, type TestIngress } from "./ingress.ts";

const NUMBER = "100200300";

let database: TestDatabase;
let ingress: TestIngress;

beforeAll(async () => {
  database = await createTestDatabase();
  await insertChatbot(database, { phone_number_id: NUMBER });
});

afterAll(async () => {
  await database?.close();
});

beforeEach(async () => {
  await database.query("delete from webhook_events");
  ingress = await startTestIngress(database);
});

afterEach(async () => {
  await ingress?.close();
});

const oneMessage = () => asMetaSends(webhook([change({ messages: [textMessage()] }, NUMBER)]));
const recordedIds = async () => {
  const rows = await database.query<{ external_id: string }>(
    "select external_id from webhook_events order by id",
  );
  return rows.map((row) => row.external_id);
};

describe("while the database is away", () => {
  it("answers 503, so that Meta delivers again, and then nothing is lost", async () => {
    const body = oneMessage();
    await ingress.databaseGate.cut();
    expect((await ingress.post(body)).status).toBe(503);
    expect(await recordedIds()).toEqual([]);

    await ingress.databaseGate.open();
    expect((await ingress.post(body)).status).toBe(200);
    expect(await recordedIds()).toHaveLength(1);
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
  });

  it("survives a connection that breaks under it", async () => {
    expect((await ingress.post(oneMessage())).status).toBe(200);
    await ingress.databaseGate.cut();
    await ingress.databaseGate.open();
    expect((await ingress.post(oneMessage())).status).toBe(200);
    expect(await recordedIds()).toHaveLength(2);
  });

  it("says so at /readyz and /metrics, and stays alive", async () => {
    await ingress.databaseGate.cut();
    const ready = await fetch(`${ingress.url}/readyz`);
    expect(ready.status).toBe(503);
    expect(await ready.json()).toMatchObject({ database: "unreachable", windmill: "ok" });
    const metrics = await fetch(`${ingress.url}/metrics`);
    expect(await metrics.text()).toMatch(/^ingress_database_up 0$/m);
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
  });
});

describe("while Windmill is away", () => {
  it("answers 200 and keeps the event, which a redelivery then starts", async () => {
    const body = oneMessage();
    await ingress.windmillGate.cut();
    expect((await ingress.post(body)).status).toBe(200);
    expect(await recordedIds()).toHaveLength(1);
    await expect
      .poll(async () => await (await fetch(`${ingress.url}/metrics`)).text())
      .toMatch(/^ingress_flow_starts_total\{outcome="failed"\} 1$/m);
    expect(ingress.windmill.runs).toEqual([]);

    await ingress.windmillGate.open();
    expect((await ingress.post(body)).status).toBe(200);
    await expect.poll(() => ingress.windmill.runs).toHaveLength(1);
    expect(await recordedIds()).toHaveLength(1);
  });

  it("still takes webhooks, and says at /readyz what is missing and what waits", async () => {
    await ingress.windmillGate.cut();
    await ingress.post(oneMessage());
    const ready = await fetch(`${ingress.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toMatchObject({
      database: "ok",
      windmill: "unreachable",
      waiting_events: 1,
    });
  });
});

describe("the limit on POSTs without a valid signature", () => {
  it("holds a stranger off, and nobody who signs, not even at the same address", async () => {
    const unsigned = async () =>
      (await ingress.post(oneMessage(), { "x-hub-signature-256": "guessed" })).status;
    const answers: number[] = [];
    for (let attempt = 0; attempt < 31; attempt += 1) answers.push(await unsigned());
    expect(answers.slice(0, 30)).toEqual(Array(30).fill(401));
    expect(answers[30]).toBe(429);

    expect((await ingress.post(oneMessage())).status).toBe(200);
    expect(await unsigned()).toBe(429); // control: the limit still holds
    expect(await recordedIds()).toHaveLength(1);
  });
});

describe("a shutdown", () => {
  it("waits for the POST that is being committed and for its flow to be started", async () => {
    const { databaseGate, windmill, url } = ingress;
    await ingress.post(oneMessage()); // opens the connection that is then held up
    databaseGate.hold();
    const answer = ingress.post(oneMessage());
    await expect.poll(() => databaseGate.heldUp()).toBeGreaterThan(0);

    let stopped = false;
    const stopping = ingress.close().then(() => {
      stopped = true;
    });
    await expect
      .poll(() =>
        fetch(`${url}/healthz`).then(
          () => "answers",
          () => "refuses",
        ),
      )
      .toBe("refuses");
    expect(stopped).toBe(false);

    databaseGate.release();
    expect((await answer).status).toBe(200);
    await stopping;
    expect(await recordedIds()).toHaveLength(2);
    expect(windmill.runs).toHaveLength(2);
  });
});
