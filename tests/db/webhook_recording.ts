import { randomUUID } from "node:crypto";
import pg from "pg";
import type { TestDatabase } from "../helpers/database.ts";

/** One element of record_webhook_events' argument, as the ingress writes it. */
export interface RecordedEvent {
  phone_number_id: string;
  kind: "message" | "status" | "echo" | "other";
  external_id: string;
  payload: object;
  sender_bsuid?: string;
  sender_phone?: string;
  sent_at?: number;
  is_immediate?: boolean;
  wamid?: string;
  delivery_status?: string;
  delivery_key?: string;
  delivery_error?: object;
  changed_at?: number;
}

export interface WaitingMessage {
  webhook_event_id: string;
  phone_number_id: string;
  external_id: string;
  sender: string;
  start_after_seconds: string;
  is_new: boolean;
}

export interface Ingress {
  record(events: RecordedEvent[]): Promise<WaitingMessage[]>;
  close(): Promise<void>;
}

/** A connection as the ingress has it. */
export async function connectIngress(database: TestDatabase): Promise<Ingress> {
  const client = new pg.Client(database.connectionString("chatbot_ingress"));
  await client.connect();
  return {
    record: async (events) => {
      const { rows } = await client.query<WaitingMessage>(
        "select * from record_webhook_events($1) order by webhook_event_id",
        [JSON.stringify(events)],
      );
      return rows;
    },
    close: () => client.end(),
  };
}

export function messageEvent(
  phone_number_id: string,
  overrides: Partial<RecordedEvent> = {},
): RecordedEvent {
  const external_id = `wamid.${randomUUID()}`;
  return {
    phone_number_id,
    kind: "message",
    external_id,
    sender_bsuid: "DE.1",
    sender_phone: "4915112345678",
    sent_at: 1_790_000_000,
    payload: { message: { id: external_id, type: "text" }, profile_name: "Grace" },
    ...overrides,
  };
}

export function statusEvent(
  phone_number_id: string,
  status: { wamid: string; delivery_status: string } & Partial<RecordedEvent>,
): RecordedEvent {
  return {
    phone_number_id,
    kind: "status",
    external_id: `${status.wamid}:${status.delivery_status}:DE.1`,
    payload: { id: status.wamid, status: status.delivery_status },
    changed_at: 1_790_000_100,
    ...status,
  };
}
