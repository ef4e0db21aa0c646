import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Logger } from "pino";
import { z } from "zod";
import { makeGroupCommit } from "./group_commit.ts";
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
  const recordTogether = makeGroupCommit(
    async (events: readonly WebhookEvent[]) => {
      const waiting = await record(pool, events);
      logCommitted(events, waiting, log);
      return waiting;
    },
    {
      maxItems: 500,
      atOnce: 2,
      mayBeOneCallers: isAboutTheEvents,
    },
  );
  return {
    async record(events) {
      const waiting = await recordTogether(events).catch((error) => {
        throw new InboxUnavailableError("record events", error);
      });
      return waiting.filter((message) => message !== null);
    },
    health: () => health(pool),
    close: () => pool.end(),
  };
}

/** What waits of each event; null for one that is no waiting message. */
async function record(
  pool: pg.Pool,
  events: readonly WebhookEvent[],
): Promise<(WaitingMessage | null)[]> {
  const random = randomBytes(events.length * TRACE_BYTES);
  // each event its own trace: a batch mixes tenants
  const traced = events.map((event, index) => ({
    ...event,
    traceparent: traceparentOf(
      random.toString("hex", index * TRACE_BYTES, (index + 1) * TRACE_BYTES),
    ),
  }));
  const { rows } = await pool.query("select * from record_webhook_events($1::jsonb)", [
    JSON.stringify(traced),
  ]);
  const waiting = new Map(
    rows.map((row) => {
      const message = waitingMessage.parse(row);
      return [keyOf(message.phone_number_id, message.external_id), message];
    }),
  );
  return events.map((event) => {
    const key = keyOf(event.phone_number_id, event.external_id);
    const message = event.kind === "message" ? waiting.get(key) : undefined;
    if (!message) return null;
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

function keyOf(phoneNumberId: string, externalId: string): string {
  return JSON.stringify([phoneNumberId, externalId]);
}

/** 08: the connection. 53: the server's memory or disk. 57: it stops, or the statement took too long. */
const SQLSTATES_OF_THE_SERVER = /^(08|53|57)/;

function isAboutTheEvents(error: unknown): boolean {
  return error instanceof pg.DatabaseError && !SQLSTATES_OF_THE_SERVER.test(error.code ?? "");
}

async function health(pool: pg.Pool): Promise<InboxHealth> {
  const result = await pool.query("select * from inbox_health()").catch((error) => {
    throw new InboxUnavailableError("read its health", error);
  });
  const row = inboxHealth.parse(result.rows[0]);
  return { waiting: row.waiting, oldestWaitingSeconds: row.oldest_waiting_seconds };
}

/** The ids of a trace, 16 bytes, and of a span, 8. */
const TRACE_BYTES = 24;

/** W3C trace context, version 00, sampled. @param ids - in hexadecimal */
function traceparentOf(ids: string): string {
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-01`;
}

/** One line a commit: under load, a line for each webhook costs more than to check its signature. */
function logCommitted(
  events: readonly WebhookEvent[],
  waiting: readonly (WaitingMessage | null)[],
  log: Logger,
): void {
  const count = (kind: WebhookEvent["kind"]) =>
    events.filter((event) => event.kind === kind).length;
  log.info(
    {
      messages: count("message"),
      echoes: count("echo"),
      statuses: count("status"),
      others: count("other"),
      waiting_event_ids: waiting.flatMap((message) => message?.webhookEventId ?? []),
    },
    "committed events",
  );
}
