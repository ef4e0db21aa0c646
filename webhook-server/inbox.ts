import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import type { WebhookEvent } from "./webhook_event.ts";

/** A message for which a flow has to be started. */
export interface WaitingMessage {
  webhookEventId: number;
  phoneNumberId: string;
  externalId: string;
  /** The contact's BSUID, or the phone number where there is none. */
  sender: string;
  startAfterSeconds: number;
  /** false: it was recorded before, and still waits. */
  isNew: boolean;
}

export interface InboxHealth {
  waiting: number;
  /** 0 when nothing waits. */
  oldestWaitingSeconds: number;
}

export interface Inbox {
  /** Commits the events. @throws {InboxUnavailableError} when it could not: none of them is kept then. */
  record(events: readonly WebhookEvent[]): Promise<WaitingMessage[]>;
  /** @throws {InboxUnavailableError} */
  health(): Promise<InboxHealth>;
  close(): Promise<void>;
}

export class InboxUnavailableError extends Error {
  override readonly name = "InboxUnavailableError";

  constructor(task: "record events" | "read its health", cause: unknown) {
    super(`The inbox could not ${task}. Is PostgreSQL up, migrated and reachable?`, { cause });
  }
}

// node-postgres hands over bigint and numeric as text
const waitingMessage = z.object({
  webhook_event_id: z.coerce.number().int(),
  phone_number_id: z.string(),
  external_id: z.string(),
  sender: z.string(),
  start_after_seconds: z.coerce.number().nonnegative(),
  is_new: z.boolean(),
});
const inboxHealth = z.object({
  waiting: z.coerce.number().int(),
  oldest_waiting_seconds: z.number(),
});

/** @param databaseUrl - of the role `chatbot_ingress`, which may execute two functions and nothing else. */
export function openInbox(databaseUrl: string, log: Logger): Inbox {
  const pool = new pg.Pool({
    connectionString: databaseUrl,
    application_name: "webhook-server",
    max: 10,
    // Meta wants its answer within 1 s; past these, its retry is the better attempt
    connectionTimeoutMillis: 3_000,
    statement_timeout: 5_000,
    query_timeout: 6_000,
  });
  // an idle connection that breaks: the pool replaces it, but without a listener Node would exit
  pool.on("error", (error) => log.warn({ err: error }, "lost an idle database connection"));
  return {
    record: (events) => record(pool, events),
    health: () => health(pool),
    close: () => pool.end(),
  };
}

async function record(pool: pg.Pool, events: readonly WebhookEvent[]): Promise<WaitingMessage[]> {
  // each event its own trace: a batch mixes tenants
  const traced = events.map((event) => ({ ...event, traceparent: newTraceparent() }));
  const result = await pool
    .query("select * from record_webhook_events($1::jsonb)", [JSON.stringify(traced)])
    .catch((error) => {
      throw new InboxUnavailableError("record events", error);
    });
  return result.rows.map((row) => {
    const message = waitingMessage.parse(row);
    return {
      webhookEventId: message.webhook_event_id,
      phoneNumberId: message.phone_number_id,
      externalId: message.external_id,
      sender: message.sender,
      startAfterSeconds: message.start_after_seconds,
      isNew: message.is_new,
    };
  });
}

async function health(pool: pg.Pool): Promise<InboxHealth> {
  const result = await pool.query("select * from inbox_health()").catch((error) => {
    throw new InboxUnavailableError("read its health", error);
  });
  const row = inboxHealth.parse(result.rows[0]);
  return { waiting: row.waiting, oldestWaitingSeconds: row.oldest_waiting_seconds };
}

/** W3C trace context, version 00, sampled. */
function newTraceparent(): string {
  return `00-${randomBytes(16).toString("hex")}-${randomBytes(8).toString("hex")}-01`;
}
