import * as z from "zod/v4";
import { limitedFetch } from "./limited_response.ts";
import {
  type GraphRefusal,
  graphErrorKind,
  MessageDelayedError,
  MessageOutcomeUnknownError,
  MessageRefusedError,
  NumberStoppedError,
  TypingNotShownError,
} from "./whatsapp_errors.ts";
import { templateParameter } from "./whatsapp_template.ts";

/** v25.0 of 2026-02-18; Meta serves it until 2028-07-29. */
export const GRAPH_API_VERSION = "v25.0";

/** A business number and what it takes to act as it. */
export interface WhatsAppNumber {
  /** without the version, such as https://graph.facebook.com */
  readonly baseUrl: string;
  readonly phoneNumberId: string;
  readonly accessToken: string;
}

export interface OutgoingText {
  /** The phone is used where both are known; one of them is. */
  readonly phone: string | null;
  readonly bsuid: string | null;
  readonly body: string;
  /** comes back in every status webhook of this message */
  readonly deliveryKey: string;
  /** of the webhook that this answers, for whoever follows it through gateways between Meta and us */
  readonly traceparent?: string | null;
}

/** A message of a template that Meta has approved, whose body has one parameter, {{1}}. */
export interface OutgoingTemplate extends OutgoingText {
  readonly template: { readonly name: string; readonly language: string };
}

export interface WhatsApp {
  /**
   * Sends once, and says how it went: the wamid when WhatsApp accepted it (which is not yet delivered), or throws
   * MessageRefusedError, MessageDelayedError (both: surely not sent) or MessageOutcomeUnknownError.
   */
  sendText(message: OutgoingText): Promise<{ wamid: string }>;
  /** As sendText, also outside the 24-hour window; the body becomes the template's parameter. */
  sendTemplate(message: OutgoingTemplate): Promise<{ wamid: string }>;
  /** Marks the contact's message as read and shows "typing…" for up to 25 s. Throws TypingNotShownError. */
  showTyping(wamid: string): Promise<void>;
}

const SEND_TIMEOUT_MS = 15_000;
/** The contact's answer waits for it. */
const TYPING_TIMEOUT_MS = 3_000;
const MAX_ANSWER_BYTES = 64 * 1_024;

const acceptedAnswer = z.object({ messages: z.tuple([z.object({ id: z.string().min(1) })]) });
const refusalAnswer = z.object({
  error: z.object({
    code: z.number(),
    message: z.string().default(""),
    error_data: z.object({ details: z.string().default("") }).optional(),
  }),
});

/** Nothing left our machine: no connection was made. Node's names, then Bun's. */
const NOT_CONNECTED = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
  "ConnectionRefused",
  "FailedToOpenSocket",
]);

export function whatsAppOf(number: WhatsAppNumber): WhatsApp {
  return {
    sendText: (message) => send(number, message, textBody(message)),
    sendTemplate: (message) => send(number, message, templateBody(message)),
    async showTyping(wamid) {
      const body = {
        messaging_product: "whatsapp",
        status: "read",
        message_id: wamid,
        typing_indicator: { type: "text" },
      };
      const response = await post(number, body, TYPING_TIMEOUT_MS).catch((cause: unknown) => {
        throw new TypingNotShownError(reasonOf(cause), { cause });
      });
      if (!response.ok) throw new TypingNotShownError(`it answered ${response.status}`);
    },
  };
}

async function send(
  number: WhatsAppNumber,
  { traceparent }: OutgoingText,
  body: object,
): Promise<{ wamid: string }> {
  const trace = traceparent ? { traceparent } : undefined;
  const response = await post(number, body, SEND_TIMEOUT_MS, trace).catch((cause: unknown) => {
    if (isNotConnected(cause)) throw new MessageDelayedError("transient", undefined, { cause });
    throw new MessageOutcomeUnknownError(reasonOf(cause), { cause });
  });
  return { wamid: wamidOf(response, await response.text()) };
}

function addressed({ phone, bsuid, deliveryKey }: OutgoingText) {
  return {
    messaging_product: "whatsapp",
    recipient_type: "individual",
    // Meta: without the "+" the business number's own country code is put in front
    ...(phone !== null ? { to: `+${phone.replace(/^\+/, "")}` } : { recipient: bsuid }),
    biz_opaque_callback_data: deliveryKey,
  };
}

function textBody(message: OutgoingText) {
  const text = { body: message.body, preview_url: false };
  return { ...addressed(message), type: "text", text };
}

function templateBody(message: OutgoingTemplate) {
  const { name, language } = message.template;
  const parameters = [{ type: "text", text: templateParameter(message.body) }];
  const template = {
    name,
    language: { code: language },
    components: [{ type: "body", parameters }],
  };
  return { ...addressed(message), type: "template", template };
}

function post(
  number: WhatsAppNumber,
  body: object,
  timeoutMs: number,
  trace?: { readonly traceparent: string },
): Promise<Response> {
  const url = `${number.baseUrl}/${GRAPH_API_VERSION}/${number.phoneNumberId}/messages`;
  return limitedFetch(MAX_ANSWER_BYTES)(url, {
    method: "POST",
    headers: {
      ...trace,
      authorization: `Bearer ${number.accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(body),
    // Bun 1.3.10 posts again by itself when a connection that it used before breaks: the contact would read it twice
    keepalive: false,
    signal: AbortSignal.timeout(timeoutMs),
  });
}

/** A 4xx with Meta's error body is a refusal; anything else that is not an acceptance leaves it open. */
function wamidOf({ status, headers }: Response, text: string): string {
  const json = parseJson(text);
  const accepted = acceptedAnswer.safeParse(json);
  if (status === 200 && accepted.success) return accepted.data.messages[0].id;
  const refused = refusalAnswer.safeParse(json);
  if (status < 400 || status > 499 || !refused.success) {
    throw new MessageOutcomeUnknownError(`it answered ${status} without saying`);
  }
  const { code, message, error_data } = refused.data.error;
  throw refusal({
    status,
    code,
    title: message,
    details: error_data?.details ?? "",
    ...retryAfter(headers),
  });
}

function refusal(said: GraphRefusal): MessageRefusedError | MessageDelayedError {
  const kind = graphErrorKind(said.code);
  if (kind === "tenant_stopped") return new NumberStoppedError(said);
  return kind === "permanent"
    ? new MessageRefusedError(kind, said)
    : new MessageDelayedError(kind, said);
}

/** Seconds, or a date. */
function retryAfter(headers: Headers): Pick<GraphRefusal, "retryAfterSeconds"> {
  const value = headers.get("retry-after");
  if (value === null) return {};
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1_000;
  return Number.isFinite(seconds) ? { retryAfterSeconds: Math.max(0, Math.ceil(seconds)) } : {};
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // a proxy's page: no schema accepts it, and the status decides
    return undefined;
  }
}

function isNotConnected(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  if (typeof code === "string") return NOT_CONNECTED.has(code);
  // Node's fetch wraps the socket's error
  return cause !== undefined && cause !== null && isNotConnected(cause);
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "TimeoutError" ? "it did not answer in time" : error.message;
}
