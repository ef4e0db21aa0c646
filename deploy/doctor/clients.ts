import pg from "pg";
import type { Queryable } from "../../db/connection.ts";
import { limitedFetch } from "../../f/platform/limited_response.ts";
import { canLogIn } from "../role_login.ts";
import type { Settings } from "../settings.ts";
import { type WindmillApi, windmillApi } from "../windmill/windmill_api.ts";

/** Not slow but silent: a busy machine may take ten seconds over what is milliseconds, and is not to be called broken. */
const CALL_TIMEOUT_MS = 30_000;
const MAX_ANSWER_BYTES = 4 * 1_024 * 1_024;
const DATABASE_TIMEOUT_MS = 30_000;

export interface HttpRequest {
  readonly method?: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** One HTTP call, whatever its answer's status; rejects when there is none within 30 s. */
export type Http = (url: string, init?: HttpRequest) => Promise<Answer>;

/** The outside world of the checks. */
export interface Clients {
  readonly http: Http;
  /** With the token of an admin, where one is given. */
  readonly windmill: WindmillApi;
  /**
   * Gives `work` a connection of its own to DATABASE_URL. No transaction around it: the embedded PostgreSQL serves one
   * at a time, and the webhook server gives its health up after 3 s.
   */
  withDatabase<Result>(work: (database: Queryable) => Promise<Result>): Promise<Result>;
  /** To the server of DATABASE_URL. */
  canLogIn(role: string, password: string): Promise<boolean>;
  /** Unix milliseconds. */
  now(): number;
}

export function makeClients({ windmill, database }: Settings): Clients {
  return {
    http,
    windmill: windmillApi(windmill.url, windmill.workspace, windmill.token),
    withDatabase: (work) => withDatabase(database.url, work),
    canLogIn: (role, password) => canLogIn(database.url, role, password),
    now: Date.now,
  };
}

async function http(url: string, init: HttpRequest = {}): Promise<Answer> {
  const response = await limitedFetch(MAX_ANSWER_BYTES)(url, {
    ...init,
    // a kept connection that the server closes at the same moment would be a call without an answer
    headers: { ...init.headers, connection: "close" },
    signal: AbortSignal.timeout(CALL_TIMEOUT_MS),
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

async function withDatabase<Result>(
  connectionString: string,
  work: (database: Queryable) => Promise<Result>,
): Promise<Result> {
  const client = new pg.Client({
    connectionString,
    application_name: "doctor",
    connectionTimeoutMillis: DATABASE_TIMEOUT_MS,
    query_timeout: DATABASE_TIMEOUT_MS,
  });
  await client.connect();
  try {
    return await work({
      query: async <Row>(sql: string, params: readonly unknown[] = []) =>
        (await client.query<Row & object>(sql, [...params])).rows,
    });
  } finally {
    await client.end();
  }
}
