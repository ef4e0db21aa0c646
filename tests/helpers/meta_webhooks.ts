import { createHmac } from "node:crypto";

type Fields = Record<string, unknown>;

export const PHONE_NUMBER_ID = "106540352242922";

let sequence = 0;

export function textMessage(overrides: Fields = {}): Fields {
  sequence += 1;
  return {
    from: "5215550001111",
    from_user_id: "MX.1001",
    id: `wamid.TEST${sequence}`,
    timestamp: "1763700000",
    type: "text",
    text: { body: "When do you open?" },
    ...overrides,
  };
}

export function contact(overrides: Fields = {}): Fields {
  return {
    profile: { name: "Ana Núñez" },
    wa_id: "5215550001111",
    user_id: "MX.1001",
    ...overrides,
  };
}

export function deliveryStatus(overrides: Fields = {}): Fields {
  return {
    id: "wamid.SENT",
    status: "delivered",
    timestamp: "1763700010",
    recipient_id: "5215550001111",
    recipient_user_id: "MX.1001",
    ...overrides,
  };
}

/** A change of the field `messages`, as it is for one business number. */
export function change(value: Fields, phoneNumberId = PHONE_NUMBER_ID): Fields {
  return {
    field: "messages",
    value: {
      messaging_product: "whatsapp",
      metadata: { display_phone_number: "15550783881", phone_number_id: phoneNumberId },
      ...value,
    },
  };
}

/** One entry per list of changes. */
export function webhook(...entries: unknown[][]): Fields {
  return {
    object: "whatsapp_business_account",
    entry: entries.map((changes, index) => ({ id: `10229012934039${index}`, changes })),
  };
}

/** The bytes on the wire: Meta escapes every character that is not ASCII. */
export function asMetaSends(body: unknown): Buffer {
  const escaped = JSON.stringify(body).replace(
    /[\u0080-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Buffer.from(escaped, "ascii");
}

export function signatureOf(secret: string, body: Buffer): string {
  return `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
}
