import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { startTestIngress, type TestIngress, VERIFY_TOKEN } from "./ingress.ts";

let database: TestDatabase;
let ingress: TestIngress;

beforeAll(async () => {
  database = await createTestDatabase();
  ingress = await startTestIngress(database);
});

afterAll(async () => {
  await ingress?.close();
  await database?.close();
});

function verify(parameters: Record<string, string>): Promise<Response> {
  return fetch(`${ingress.url}/webhook?${new URLSearchParams(parameters)}`);
}

const RIGHT = {
  "hub.mode": "subscribe",
  "hub.challenge": "<script>1158201444</script>",
  "hub.verify_token": VERIFY_TOKEN,
};

describe("GET /webhook", () => {
  it("gives the challenge back as plain text", async () => {
    const response = await verify(RIGHT);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toMatch(/^text\/plain/);
    expect(response.headers.get("x-content-type-options")).toBe("nosniff");
    expect(await response.text()).toBe(RIGHT["hub.challenge"]);
  });

  it.each([
    ["the token is wrong", { ...RIGHT, "hub.verify_token": "guessed" }],
    ["the token is empty", { ...RIGHT, "hub.verify_token": "" }],
    ["the mode is another", { ...RIGHT, "hub.mode": "unsubscribe" }],
    ["nothing is given", {}],
  ])("refuses when %s", async (_why, parameters) => {
    const response = await verify(parameters);
    expect(response.status).toBe(403);
    expect(await response.text()).not.toContain(RIGHT["hub.challenge"]);
    expect((await verify(RIGHT)).status).toBe(200); // control
  });

  it("refuses a token that is given twice", async () => {
    const twice = new URLSearchParams(RIGHT);
    twice.append("hub.verify_token", VERIFY_TOKEN);
    expect((await fetch(`${ingress.url}/webhook?${twice}`)).status).toBe(403);
  });
});

describe("the ingress", () => {
  it("says that it is alive and ready", async () => {
    expect((await fetch(`${ingress.url}/healthz`)).status).toBe(200);
    const ready = await fetch(`${ingress.url}/readyz`);
    expect(ready.status).toBe(200);
    expect(await ready.json()).toEqual({
      database: "ok",
      windmill: "ok",
      waiting_events: 0,
      oldest_waiting_event_seconds: 0,
    });
  });

  it("does not say what it is made of", async () => {
    const response = await fetch(`${ingress.url}/webhook`, { method: "PUT" });
    expect(response.status).toBe(404);
    expect(response.headers.has("x-powered-by")).toBe(false);
  });
});
