import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../helpers/eventually.ts";
import { ANA, NUMBER, startStandIn, TOKEN, textTo, valuesOf } from "./stand_in.ts";

const HOUR_MS = 60 * 60 * 1_000;

async function startConversation(...args: Parameters<typeof startStandIn>) {
  const standIn = await startStandIn(...args);
  const { wamid, delivery } = standIn.whatsapp.contactSends({
    phoneNumberId: NUMBER,
    contact: { ...ANA, userId: "US.42" },
    text: "Hi",
  });
  await delivery;
  return { ...standIn, wamid };
}

describe("POST /messages", () => {
  it("accepts a text by phone number and by user id", async () => {
    const { whatsapp, post } = await startConversation();
    const byPhone = await post(textTo("+1 555 000 2222", "one"));
    expect(byPhone).toEqual({
      status: 200,
      body: {
        messaging_product: "whatsapp",
        contacts: [{ input: "+1 555 000 2222", wa_id: "15550002222" }],
        messages: [{ id: expect.stringMatching(/^wamid\./) }],
      },
    });
    const { to: _to, ...text } = textTo("", "two");
    const byUserId = await post({ ...text, recipient: "US.42" });
    expect(byUserId.body.contacts).toEqual([{ input: "US.42", user_id: "US.42" }]);
    expect(whatsapp.received("US.42").map((message) => message.text)).toEqual(["one", "two"]);
  });

  it.each([
    ["no text", { messaging_product: "whatsapp", to: "+1", type: "text" }, 131008],
    ["a text of 4,097 characters", textTo("+1", "x".repeat(4_097)), 100],
    ["an empty text", textTo("+1", ""), 131009],
    ["no messaging_product", { ...textTo("+1"), messaging_product: undefined }, 131008],
    ["nobody to send it to", { ...textTo("+1"), to: undefined }, 131008],
    ["an unknown type", { ...textTo("+1"), type: "hologram" }, 100],
    ["an unknown field", { ...textTo("+1"), colour: "red" }, 100],
    [
      "a reaction to nothing",
      {
        messaging_product: "whatsapp",
        to: "+1",
        type: "reaction",
        reaction: { message_id: "wamid.none", emoji: "👍" },
      },
      131009,
    ],
    [
      "a read receipt for nothing",
      { messaging_product: "whatsapp", status: "read", message_id: "wamid.none" },
      131009,
    ],
  ])("refuses %s", async (_what, body, code) => {
    const { post, whatsapp } = await startConversation();
    const answer = await post(body);
    expect(answer).toMatchObject({
      status: 400,
      body: {
        error: {
          code,
          type: "OAuthException",
          error_data: { messaging_product: "whatsapp", details: expect.any(String) },
          fbtrace_id: expect.any(String),
        },
      },
    });
    expect(whatsapp.received(ANA)).toEqual([]);
  });

  it("accepts a text of 4,096 characters", async () => {
    const { post } = await startConversation();
    expect(await post(textTo("+15550002222", "x".repeat(4_096)))).toMatchObject({ status: 200 });
  });

  it("refuses a wrong token with 401 and a foreign number with 400", async () => {
    const { post, whatsapp } = await startConversation();
    const wrongToken = await post(textTo("+15550002222"), "stolen");
    expect(wrongToken).toMatchObject({ status: 401, body: { error: { code: 190 } } });
    whatsapp.registerPhoneNumber({
      phoneNumberId: "777",
      displayPhoneNumber: "15550003333",
      accessToken: "token-of-another-shop",
      businessAccountId: "901",
    });
    const foreign = await post(textTo("+15550002222"), TOKEN, "777");
    expect(foreign).toMatchObject({
      status: 400,
      body: { error: { code: 100, error_subcode: 33 } },
    });
    expect(await post(textTo("+15550002222"))).toMatchObject({ status: 200 }); // control
  });

  it("knows only versions that Meta serves", async () => {
    const { whatsapp } = await startStandIn();
    const response = await fetch(`${whatsapp.url}/v2.11/${NUMBER}/messages`, { method: "POST" });
    expect(await response.json()).toMatchObject({ error: { code: 2500 } });
  });

  it("says that uploads are not supported", async () => {
    const { whatsapp } = await startStandIn();
    const response = await fetch(`${whatsapp.url}/v25.0/${NUMBER}/media`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.status).toBe(501);
  });
});

describe("a read receipt with typing", () => {
  it("marks the contact's messages as read and shows the indicator for 25 s", async () => {
    const { whatsapp, post, wamid } = await startConversation({ now: () => 1_000 });
    const typing: unknown[] = [];
    whatsapp.onTyping((event) => typing.push(event));
    const answer = await post({
      messaging_product: "whatsapp",
      status: "read",
      message_id: wamid,
      typing_indicator: { type: "text" },
    });
    expect(answer).toEqual({ status: 200, body: { success: true } });
    expect(typing).toMatchObject([{ phoneNumberId: NUMBER, until: 26_000 }]);
    const contact = { ...ANA, userId: "US.42" };
    expect(whatsapp.conversation(NUMBER, contact)).toMatchObject([{ status: "read" }]);
  });
});

describe("a message that cannot arrive", () => {
  it("is accepted and fails later when the contact has been silent for 24 hours", async () => {
    let now = 0;
    const { whatsapp, receiver, post } = await startConversation({ now: () => now });
    now = 24 * HOUR_MS;
    expect(await post(textTo("+15550002222"))).toMatchObject({ status: 200 });
    await expect.poll(() => receiver.webhooks.length).toBe(2);
    const value = valuesOf(receiver.webhooks)[1];
    expect(value).not.toHaveProperty("contacts");
    expect(value.statuses[0]).toMatchObject({ status: "failed", errors: [{ code: 131047 }] });

    now = 24 * HOUR_MS - 1; // control: inside the window
    await post(textTo("+15550002222"));
    await expect.poll(() => whatsapp.received("US.42")[1]?.status).toBe("read");
  });

  it("fails when the phone number has no plus sign", async () => {
    const { whatsapp, post } = await startConversation();
    await post(textTo("15550002222"));
    await expect
      .poll(() => whatsapp.received("US.42")[0])
      .toMatchObject({
        status: "failed",
        errorCode: 131026,
      });
  });
});

describe("failNext", () => {
  it("refuses in Graph's shape, as often as asked", async () => {
    const { whatsapp, post } = await startConversation();
    whatsapp.failNext({ kind: "error", code: 131056 }, { times: 2 });
    const answers = [
      await post(textTo("+15550002222")),
      await post(textTo("+15550002222")),
      await post(textTo("+15550002222")),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([400, 400, 200]);
    expect(answers[0]?.body.error.code).toBe(131056);
  });

  it("keeps a fault for a message that it does not spare", async () => {
    const { whatsapp, post } = await startConversation();
    whatsapp.failNext({ kind: "error", code: 131056 }, { spares: (key) => key === "t1" });
    const spared = textTo("+15550002222", "Hello", { biz_opaque_callback_data: "t1" });
    const met = textTo("+15550002222", "Hello", { biz_opaque_callback_data: "t2" });
    expect((await post(spared)).status).toBe(200);
    expect((await post(met)).status).toBe(400);
  });

  it("cuts the connection after accepting, and the statuses still come", async () => {
    const { whatsapp, receiver, post } = await startConversation();
    whatsapp.failNext({ kind: "drop", accepted: true });
    const body = textTo("+15550002222", "Hello", { biz_opaque_callback_data: "t1" });
    await expect(post(body)).rejects.toThrow();
    expect(whatsapp.received("US.42")).toHaveLength(1);
    await expect.poll(() => receiver.webhooks.length).toBe(4);
    expect(valuesOf(receiver.webhooks)[1].statuses[0].biz_opaque_callback_data).toBe("t1");
  });

  it("cuts the connection before accepting", async () => {
    const { whatsapp, post } = await startConversation();
    whatsapp.failNext({ kind: "drop", accepted: false });
    await expect(post(textTo("+15550002222"))).rejects.toThrow();
    expect(whatsapp.received("US.42")).toEqual([]);
  });

  it("leaves a call without an answer", async () => {
    const { whatsapp } = await startConversation();
    whatsapp.failNext({ kind: "hang", accepted: true });
    const patience = new AbortController();
    const call = fetch(`${whatsapp.url}/v25.0/${NUMBER}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(textTo("+15550002222")),
      signal: patience.signal,
    });
    const answer = call.then(() => "an answer");
    const statuses = eventually(() => expect(whatsapp.received("US.42")[0]?.status).toBe("read"));
    expect(await Promise.race([answer, statuses.then(() => "statuses")])).toBe("statuses");
    patience.abort();
    await expect(answer).rejects.toMatchObject({ name: "AbortError" });
    expect(whatsapp.received("US.42")).toHaveLength(1);
  });

  it("answers late, after the statuses of what it accepted have come", async () => {
    const { whatsapp, receiver, post } = await startStandIn();
    whatsapp.failNext({ kind: "delay", milliseconds: 3_600_000 });
    // nobody answers it before the stand-in stops, when the test is over; earlier it would win the race below
    const late = post(textTo("+15550002222")).catch(() => "the stand-in has stopped");
    const statuses = eventually(() => expect(receiver.webhooks).not.toEqual([]));
    expect(await Promise.race([late, statuses.then(() => "statuses")])).toBe("statuses");
    whatsapp.failNext({ kind: "delay", milliseconds: 10 });
    expect(await post(textTo("+15550002222"))).toMatchObject({ status: 200 });
    expect(whatsapp.received(ANA)).toHaveLength(2);
  });

  it("reports a failure by status, and spares read receipts", async () => {
    const { whatsapp, post, wamid } = await startConversation();
    whatsapp.failNext({ kind: "fails_later", code: 131053 });
    const receipt = { messaging_product: "whatsapp", status: "read", message_id: wamid };
    expect(await post(receipt)).toMatchObject({ status: 200 });
    expect(await post(textTo("+15550002222"))).toMatchObject({ status: 200 });
    await expect.poll(() => whatsapp.received("US.42")[0]?.errorCode).toBe(131053);
  });
});

describe("the data folder", () => {
  it("brings conversations and their statuses back", async () => {
    const dataDir = await mkdtemp(join(tmpdir(), "whatsapp-"));
    onTestFinished(() => rm(dataDir, { recursive: true }));
    const first = await startConversation({ dataDir });
    await first.post(textTo("+15550002222"));
    await expect.poll(() => first.whatsapp.received("US.42")[0]?.status).toBe("read");

    const second = await startStandIn({ dataDir });
    const contact = { ...ANA, userId: "US.42" };
    expect(second.whatsapp.conversation(NUMBER, contact)).toEqual(
      first.whatsapp.conversation(NUMBER, contact),
    );
    expect(second.whatsapp.received("US.42")).toMatchObject([{ status: "read", text: "Hello" }]);
  });
});
