import { expect, it } from "vitest";
import { APP_SECRET, NUMBER, startStandIn, TOKEN } from "./stand_in.ts";

const ACCOUNT = "900";

async function openGraph() {
  const { whatsapp } = await startStandIn();
  const get = async (path: string, token = TOKEN) => {
    const answer = await fetch(`${whatsapp.url}/v25.0/${path}`, {
      headers: { authorization: `Bearer ${token}` },
    });
    return { status: answer.status, body: await answer.json() };
  };
  return { whatsapp, get, appToken: `${whatsapp.app.id}|${APP_SECRET}` };
}

it("describes a token to itself and to the app, and calls another one invalid", async () => {
  const { get, appToken, whatsapp } = await openGraph();
  const valid = { is_valid: true, app_id: whatsapp.app.id, expires_at: 0 };
  expect((await get(`debug_token?input_token=${TOKEN}`)).body.data).toMatchObject(valid);
  expect((await get(`debug_token?input_token=${TOKEN}`, appToken)).body.data).toMatchObject(valid);
  const other = await get("debug_token?input_token=another", appToken);
  expect(other).toMatchObject({ status: 200, body: { data: { is_valid: false } } });
  expect((await get("debug_token?input_token=another", "another")).status).toBe(401);
});

it("tells of a number the fields that were asked for, and refuses one that is not there", async () => {
  const { get } = await openGraph();
  expect((await get(`${NUMBER}?fields=status`)).body).toEqual({ id: NUMBER, status: "CONNECTED" });
  expect((await get(`${NUMBER}?fields=colour`)).body.error.code).toBe(100);
  expect((await get(`${NUMBER}?fields=status`, "another")).body.error.code).toBe(190);
});

it("lists the numbers and the subscribed apps of a business account, for a token of it only", async () => {
  const { get, whatsapp } = await openGraph();
  expect((await get(`${ACCOUNT}/phone_numbers?fields=id`)).body.data).toEqual([{ id: NUMBER }]);
  const ours = { whatsapp_business_api_data: { id: whatsapp.app.id } };
  expect((await get(`${ACCOUNT}/subscribed_apps`)).body.data).toMatchObject([ours]);
  whatsapp.app.subscribedAccounts.delete(ACCOUNT);
  expect((await get(`${ACCOUNT}/subscribed_apps`)).body.data).toEqual([]);
  expect((await get("901/subscribed_apps")).body.error).toMatchObject({ code: 100 });
});

it("shows the app's webhook to the app's own token", async () => {
  const { get, whatsapp, appToken } = await openGraph();
  const path = `${whatsapp.app.id}/subscriptions`;
  const [webhook] = (await get(path, appToken)).body.data;
  expect(webhook).toMatchObject({ object: "whatsapp_business_account", active: true });
  expect(webhook.fields).toContainEqual({ name: "messages", version: "v25.0" });
  expect((await get(path, `${whatsapp.app.id}|another`)).body.error.code).toBe(190);
  expect((await get(path)).body.error.code).toBe(190);
});
