import { createHash } from "node:crypto";
import { echoEvent, identityEvent, idOf, messageEvent } from "./message_event.ts";
import { statusEvent } from "./status_event.ts";
import { hashOfJson, isObject, type Json, type JsonObject, storable } from "./storable_json.ts";
import type { OtherEvent, WebhookEvent } from "./webhook_event.ts";

const ENVELOPE = new Set(["messaging_product", "metadata"]);
/** The fields that are taken apart, and their lists. */
const LISTS: ReadonlyMap<string, readonly string[]> = new Map([
  ["messages", ["contacts", "messages", "statuses"]],
  ["user_id_update", ["contacts", "user_id_update"]],
  ["smb_message_echoes", ["contacts", "message_echoes"]],
]);

/**
 * Takes an authentic webhook apart: one event for every message, echo, status and other change of every
 * entry, each once. Never throws and drops nothing: what it does not understand becomes `other`.
 */
export function eventsOfWebhook(body: Buffer): WebhookEvent[] {
  const parsed = parse(body);
  if (parsed === undefined) return [unreadable(body)];
  const events = entriesOf(parsed).flatMap(eventsOfEntry);
  const unique = new Map(events.map((event) => [keyOf(event), event]));
  return [...unique.values()];
}

function parse(body: Buffer): Json | undefined {
  try {
    return storable(JSON.parse(body.toString("utf8")));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function unreadable(body: Buffer): OtherEvent {
  return {
    kind: "other",
    phone_number_id: "",
    external_id: createHash("sha256").update(body).digest("hex"),
    payload: { field: "(no JSON)", value: storable(body.toString("utf8")) },
  };
}

/** The entries; a body of another shape counts as one, which nothing below understands. */
function entriesOf(body: Json): Json[] {
  const entries = isObject(body) ? body.entry : undefined;
  return Array.isArray(entries) && entries.length > 0 ? entries : [body];
}

function eventsOfEntry(entry: Json): WebhookEvent[] {
  const changes = isObject(entry) ? entry.changes : undefined;
  if (!isObject(entry) || !Array.isArray(changes) || changes.length === 0) {
    return [otherEvent("", "(no changes)", entry, null)];
  }
  // without the entry's time, the same thing happening again would look like a redelivery
  const origin = { id: entry.id ?? null, time: entry.time ?? null };
  return changes.flatMap((change) => eventsOfChange(change, origin));
}

function eventsOfChange(change: Json, origin: JsonObject): WebhookEvent[] {
  const value = isObject(change) ? change.value : undefined;
  const field = isObject(change) && typeof change.field === "string" ? change.field : "(no field)";
  if (!isObject(value)) return [otherEvent("", field, change, origin)];

  const phoneNumberId = (isObject(value.metadata) && idOf(value.metadata.phone_number_id)) || "";
  const other = (item: Json) => otherEvent(phoneNumberId, field, item, origin);
  const lists = LISTS.get(field);
  if (!lists) return [other(value)];

  const itemsOf = (name: string) => (lists.includes(name) ? listOf(value[name]) : []);
  const contacts = listOf(value.contacts).filter(isObject);
  const events = [
    ...itemsOf("messages").map(
      (message) => messageEvent(message, contacts, phoneNumberId) ?? other({ message }),
    ),
    ...itemsOf("user_id_update").map(
      (update) => identityEvent(update, phoneNumberId) ?? other({ user_id_update: update }),
    ),
    ...itemsOf("message_echoes").map(
      (echo) => echoEvent(echo, contacts, phoneNumberId) ?? other({ message_echo: echo }),
    ),
    ...itemsOf("statuses").map((status) => statusEvent(status, phoneNumberId) ?? other({ status })),
  ];
  const rest = Object.entries(value).filter(
    ([name, item]) => !ENVELOPE.has(name) && !(lists.includes(name) && Array.isArray(item)),
  );
  if (rest.length > 0) events.push(other(Object.fromEntries(rest)));
  return events.length > 0 ? events : [other(value)];
}

function listOf(value: Json | undefined): Json[] {
  return Array.isArray(value) ? value : [];
}

function otherEvent(
  phoneNumberId: string,
  field: string,
  value: Json,
  origin: JsonObject | null,
): OtherEvent {
  return {
    kind: "other",
    phone_number_id: phoneNumberId,
    external_id: hashOfJson({ origin, field, value }),
    payload: { field, value },
  };
}

function keyOf(event: WebhookEvent): string {
  return JSON.stringify([event.phone_number_id, event.kind, event.external_id]);
}
