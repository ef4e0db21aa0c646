import { createHmac } from "node:crypto";
import { describe, expect, it } from "vitest";
import { ANA, APP_SECRET, NUMBER, startStandIn, textTo, valuesOf } from "./stand_in.ts";

function signatureOf(raw: string): string {
  return `sha256=${createHmac("sha256", APP_SECRET).update(raw).digest("hex")}`;
}

describe("a contact's message", () => {
  it("is posted in Meta's shape", async () => {
    const { whatsapp, receiver } = await startStandIn({ now: () => 1_790_000_000_999 });
    const { wamid, delivery } = whatsapp.contactSends({
      phoneNumberId: NUMBER,
      contact: { waId: "15550002222", userId: "US.42", name: "Ana" },
      text: "Hi",
    });
    expect(await delivery).toEqual({ delivered: true, attempts: ["HTTP 200"] });
    expect(JSON.parse(receiver.webhooks[0]?.raw ?? "")).toEqual({
      object: "whatsapp_business_account",
      entry: [
        {
          id: "900",
          changes: [
            {
              field: "messages",
              value: {
                messaging_product: "whatsapp",
                metadata: { display_phone_number: "15550001111", phone_number_id: NUMBER },
                contacts: [{ profile: { name: "Ana" }, wa_id: "15550002222", user_id: "US.42" }],
                messages: [
                  {
                    from: "15550002222",
                    from_user_id: "US.42",
                    id: wamid,
                    timestamp: "1790000000",
                    type: "text",
                    text: { body: "Hi" },
                  },
                ],
              },
            },
          ],
        },
      ],
    });
  });

  it("is escaped to ASCII and signed over those bytes", async () => {
    const { whatsapp, receiver } = await startStandIn();
    const text = "Grüße 👋 a/b@c \u0000 \ud800";
    await whatsapp.contactSends({ phoneNumberId: NUMBER, contact: ANA, text }).delivery;
    const { raw = "", signature } = receiver.webhooks[0] ?? {};
    expect(raw).toContain("Gr\\u00fc\\u00dfe \\ud83d\\udc4b a\\/b\\u0040c \\u0000 \\ud800");
    expect(signature).toBe(signatureOf(raw));
    expect(signature).not.toBe(signatureOf(JSON.stringify(JSON.parse(raw)))); // why raw bytes count
    expect(JSON.parse(raw).entry[0].changes[0].value.messages[0].text.body).toBe(text);
  });

  it("leaves the phone number out, or empty, for a contact who hides it", async () => {
    const { whatsapp, receiver } = await startStandIn();
    for (const contact of [{ userId: "US.7" }, { userId: "US.7", waId: "" }]) {
      await whatsapp.contactSends({ phoneNumberId: NUMBER, contact, text: "Hi" }).delivery;
    }
    const [omitted, empty] = valuesOf(receiver.webhooks);
    expect(omitted.messages[0]).not.toHaveProperty("from");
    expect(omitted.contacts[0]).not.toHaveProperty("wa_id");
    expect(empty.messages[0].from).toBe("");
    expect(empty.contacts[0]).toMatchObject({ wa_id: "", user_id: "US.7" });
  });

  it("is sent again, byte for byte, until the answer is exactly 200", async () => {
    const { whatsapp, receiver } = await startStandIn();
    receiver.answerNext(500, 204, 302);
    const { delivery } = whatsapp.contactSends({
      phoneNumberId: NUMBER,
      contact: ANA,
      text: "Hi",
    });
    expect(await delivery).toEqual({
      delivered: true,
      attempts: ["HTTP 500", "HTTP 204", "HTTP 302", "HTTP 200"],
    });
    expect(new Set(receiver.webhooks.map((webhook) => webhook.raw)).size).toBe(1);
  });

  it("is given up when the retries are used up", async () => {
    const { whatsapp, receiver } = await startStandIn();
    receiver.answerNext(500, 500, 500, 500);
    const sent = whatsapp.contactSends({ phoneNumberId: NUMBER, contact: ANA, text: "Hi" });
    expect(await sent.delivery).toMatchObject({ delivered: false });
    expect(receiver.webhooks).toHaveLength(4);
  });

  it("can be something else than a text", async () => {
    const { whatsapp, receiver } = await startStandIn();
    const content = {
      type: "interactive",
      interactive: { type: "button_reply", button_reply: { id: "yes", title: "Yes" } },
    };
    await whatsapp.contactSends({ phoneNumberId: NUMBER, contact: ANA, text: "Yes", content })
      .delivery;
    expect(valuesOf(receiver.webhooks)[0].messages[0]).toMatchObject(content);
  });
});

describe("statuses of an answer", () => {
  it("follow as sent, delivered and read with the caller's own data", async () => {
    const { whatsapp, receiver, post } = await startStandIn();
    await whatsapp.contactSends({ phoneNumberId: NUMBER, contact: ANA, text: "Hi" }).delivery;
    const answer = await post(textTo("+15550002222", "Hello", { biz_opaque_callback_data: "t1" }));
    await expect.poll(() => receiver.webhooks.length).toBe(4);
    const statuses = valuesOf(receiver.webhooks.slice(1)).map((value) => value.statuses[0]);
    expect(statuses.map((status) => status.status)).toEqual(["sent", "delivered", "read"]);
    for (const status of statuses) {
      expect(status).toMatchObject({
        id: answer.body.messages[0].id,
        recipient_id: "15550002222",
        biz_opaque_callback_data: "t1",
      });
    }
    expect(statuses.map((status) => status.pricing?.category)).toEqual([
      undefined,
      "service",
      undefined,
    ]);
    expect(whatsapp.received(ANA)[0]).toMatchObject({ status: "read", text: "Hello" });
  });
});

describe("statuses that are to come in disorder", () => {
  it("come as late and as often as they are told, and are under way until then", async () => {
    const { whatsapp, receiver, post } = await startStandIn({
      statusDeliveries: ({ status }) => (status === "sent" ? [2_000] : [0, 0]),
    });
    await whatsapp.contactSends({ phoneNumberId: NUMBER, contact: ANA, text: "Hi" }).delivery;
    expect(whatsapp.isReporting()).toBe(false); // control
    await post(textTo("+15550002222"));
    expect(whatsapp.isReporting()).toBe(true);
    await expect.poll(() => whatsapp.isReporting()).toBe(false);
    const statuses = valuesOf(receiver.webhooks.slice(1)).map((value) => value.statuses[0].status);
    expect([...statuses].sort()).toEqual(["delivered", "delivered", "read", "read", "sent"]);
    expect(statuses.at(-1)).toBe("sent");
  });
});

describe("the webhook URL", () => {
  it("is taken only from a server that knows the verify token", async () => {
    const { whatsapp, receiver } = await startStandIn();
    const other = receiver.url.replace("/webhook", "/elsewhere");
    await expect(whatsapp.setWebhookUrl(other)).rejects.toMatchObject({
      name: "WebhookNotVerified",
    });
    await expect(whatsapp.setWebhookUrl(receiver.url)).resolves.toBeUndefined(); // control
  });
});

describe("a raw webhook", () => {
  it("goes out with the given signature, none, or the right one", async () => {
    const { whatsapp, receiver } = await startStandIn();
    receiver.answerNext(401);
    expect(await whatsapp.sendRawWebhook("{", { signature: "sha256=00" })).toMatchObject({
      status: 401,
    });
    await whatsapp.sendRawWebhook("{", { signature: null });
    await whatsapp.sendRawWebhook({ a: "é" });
    expect(receiver.webhooks).toEqual([
      { raw: "{", signature: "sha256=00" },
      { raw: "{", signature: undefined },
      { raw: '{"a":"\\u00e9"}', signature: signatureOf('{"a":"\\u00e9"}') },
    ]);
  });
});
