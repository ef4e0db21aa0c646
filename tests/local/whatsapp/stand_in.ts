import { onTestFinished } from "vitest";
import { startWhatsApp, type WhatsAppOptions } from "../../../local/whatsapp/start_whatsapp.ts";
import { startWebhookReceiver } from "./webhook_receiver.ts";

export const APP_SECRET = "app-secret";
export const TOKEN = "token-of-the-shop";
export const NUMBER = "100200300";
export const ANA = { waId: "15550002222", name: "Ana" };

/** The stand-in with one number, and a receiver for its webhooks; both stop with the test. */
export async function startStandIn(overrides: Partial<WhatsAppOptions> = {}) {
  const receiver = await startWebhookReceiver("verify-token");
  const whatsapp = await startWhatsApp({
    port: 0,
    appSecret: APP_SECRET,
    verifyToken: "verify-token",
    phoneNumbers: [
      {
        phoneNumberId: NUMBER,
        displayPhoneNumber: "15550001111",
        accessToken: TOKEN,
        businessAccountId: "900",
      },
    ],
    statusSteps: [
      { status: "sent", afterMs: 0 },
      { status: "delivered", afterMs: 0 },
      { status: "read", afterMs: 0 },
    ],
    retryDelaysMs: [0, 1, 1],
    ...overrides,
  });
  await whatsapp.setWebhookUrl(receiver.url);
  onTestFinished(async () => {
    await whatsapp.stop();
    await receiver.stop();
  });

  async function post(body: unknown, token = TOKEN, phoneNumberId = NUMBER) {
    const response = await fetch(`${whatsapp.url}/v25.0/${phoneNumberId}/messages`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    return { status: response.status, body: await response.json() };
  }
  return { whatsapp, receiver, post };
}

export function textTo(to: string, body = "Hello", more: Record<string, unknown> = {}) {
  return { messaging_product: "whatsapp", to, type: "text", text: { body }, ...more };
}

/** The values of all changes that were posted. */
export function valuesOf(webhooks: readonly { raw: string }[]) {
  return webhooks.map((webhook) => JSON.parse(webhook.raw).entry[0].changes[0].value);
}
