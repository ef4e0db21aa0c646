import { createHmac, randomUUID } from "node:crypto";
import autocannon from "autocannon";
import { CannotMeasureError, percentile } from "../measurement.ts";

const CONNECTIONS = 32;

export interface Load {
  rps: number;
  p50: number;
  p99: number;
}

export interface Target {
  url: string;
  appSecret: string;
  phoneNumberId: string;
}

/** Posts a new signed message, each from one of many contacts, over 32 connections for some seconds. */
export async function postFor(seconds: number, target: Target): Promise<Load> {
  const milliseconds: number[] = [];
  const { duration, errors, non2xx } = await run(
    {
      url: `${target.url}/webhook`,
      connections: CONNECTIONS,
      duration: seconds,
      requests: [
        { method: "POST", setupRequest: (request) => ({ ...request, ...signedMessage(target) }) },
      ],
    },
    // autocannon's own percentiles are in whole milliseconds
    (time) => milliseconds.push(time),
  );
  if (errors + non2xx > 0) {
    throw new CannotMeasureError(
      `${target.url}: ${non2xx} answers other than 2xx, ${errors} errors.`,
    );
  }
  return {
    rps: milliseconds.length / duration,
    p50: percentile(milliseconds, 0.5),
    p99: percentile(milliseconds, 0.99),
  };
}

function run(
  options: autocannon.Options,
  onAnswer: (milliseconds: number) => void,
): Promise<autocannon.Result> {
  return new Promise((resolve, reject) => {
    const load = autocannon(options, (error, result) => (error ? reject(error) : resolve(result)));
    load.on("response", (_client, _status, _bytes, time) => onAnswer(time));
  });
}

function signedMessage({ appSecret, phoneNumberId }: Target) {
  const body = messageBody(phoneNumberId);
  const signature = createHmac("sha256", appSecret).update(body).digest("hex");
  return {
    body,
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": `sha256=${signature}`,
    },
  };
}

const CONTACTS = 5_000;
let messages = 0;

function messageBody(phoneNumberId: string): string {
  messages += 1;
  const from = String(15_550_200_000 + (messages % CONTACTS));
  return JSON.stringify({
    object: "whatsapp_business_account",
    entry: [
      {
        id: "102290129340398",
        changes: [
          {
            field: "messages",
            value: {
              messaging_product: "whatsapp",
              metadata: { display_phone_number: "15550100100", phone_number_id: phoneNumberId },
              contacts: [{ profile: { name: "Maya" }, wa_id: from, user_id: `US.${from}00000000` }],
              messages: [
                {
                  from,
                  from_user_id: `US.${from}00000000`,
                  id: `wamid.${randomUUID()}`,
                  timestamp: String(Math.floor(Date.now() / 1_000)),
                  type: "text",
                  text: {
                    body: "Do you have the blue one in size 42, and until when are you open?",
                  },
                },
              ],
            },
          },
        ],
      },
    ],
  });
}
