import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { migrate } from "../../db/migrate.ts";
import { migrationsHash } from "./migrated_snapshot.ts";
import type { LoginRole, MigratedPostgres } from "./start_migrated_postgres.ts";

/** Where a migrated database is and how it ends, on either engine. */
export type DatabasePlace = Omit<MigratedPostgres, "port">;

const DATABASE_PREFIX = "chatbots_test_";
const TEMPLATE_PREFIX = "chatbots_template_";
/** Any number that is the same for every test run on the server. */
const TEMPLATE_LOCK = 4_815_162_342;
/** Longer than a whole run: what is older was left by one that was killed. */
const STALE_AFTER_SECONDS = 3600;
const DISCONNECT_DEADLINE_MS = 3_000;

/** Creates a database from the migrated template on the server at `serverUrl` (a superuser's). */
export async function createServerDatabase(serverUrl: string): Promise<DatabasePlace> {
  const name = `${DATABASE_PREFIX}${secondsNow()}_${randomBytes(4).toString("hex")}`;
  await withServer(serverUrl, async (server) => {
    await server.query("select pg_advisory_lock($1)", [TEMPLATE_LOCK]);
    await dropStale(server);
    const template = await ensureTemplate(server, serverUrl);
    await server.query(`create database ${name} template ${template}`);
  });
  const url = urlOf(serverUrl, name);
  return {
    url,
    connectionString: (role) => loginUrl(url, role),
    resource: (role) => ({
      host: new URL(url).hostname,
      port: Number(new URL(url).port || 5432),
      user: role,
      password: passwordOf(role),
      dbname: name,
      sslmode: "disable",
    }),
    close: () =>
      withServer(serverUrl, async (server) => {
        await untilDisconnected(server, name);
        await server.query(`drop database ${name} with (force)`);
      }),
  };
}

/**
 * pg's pools resolve before their sockets have closed, and a client that is cut then throws where nobody catches
 * it. Whoever is left after the deadline is cut all the same.
 */
async function untilDisconnected(server: pg.Client, name: string): Promise<void> {
  const deadline = Date.now() + DISCONNECT_DEADLINE_MS;
  while (Date.now() < deadline) {
    const { rowCount } = await server.query("select from pg_stat_activity where datname = $1", [
      name,
    ]);
    if (rowCount === 0) return;
    await sleep(10);
  }
}

/** Appears under its name only when it is whole: a run killed while migrating leaves nothing that looks right. */
async function ensureTemplate(server: pg.Client, serverUrl: string): Promise<string> {
  const template = `${TEMPLATE_PREFIX}${await migrationsHash()}`;
  if (await exists(server, template)) return template;
  const unfinished = `${DATABASE_PREFIX}${secondsNow()}_template`;
  await server.query(`create database ${unfinished}`);
  await migrate(urlOf(serverUrl, unfinished));
  await giveLogins(server);
  for (const outdated of await databasesLike(server, TEMPLATE_PREFIX)) {
    await server.query(`drop database if exists ${outdated}`);
  }
  await server.query(`alter database ${unfinished} rename to ${template}`);
  return template;
}

/** A server that asks for passwords lets nobody in without one; a role that has one keeps it. */
async function giveLogins(server: pg.Client): Promise<void> {
  for (const role of ["chatbot_app", "chatbot_ingress"] as const) {
    const { rowCount } = await server.query(
      "select from pg_authid where rolname = $1 and rolpassword is null",
      [role],
    );
    const password = pg.escapeLiteral(passwordOf(role));
    if (rowCount) await server.query(`alter role ${role} password ${password}`);
  }
}

function passwordOf(role: LoginRole): string {
  const given =
    role === "chatbot_app"
      ? process.env.CHATBOT_APP_PASSWORD
      : process.env.CHATBOT_INGRESS_PASSWORD;
  return given ?? role;
}

async function dropStale(server: pg.Client): Promise<void> {
  for (const name of await databasesLike(server, DATABASE_PREFIX)) {
    const startedAt = Number(name.slice(DATABASE_PREFIX.length).split("_")[0]);
    if (secondsNow() - startedAt > STALE_AFTER_SECONDS) {
      await server.query(`drop database if exists ${name} with (force)`);
    }
  }
}

async function databasesLike(server: pg.Client, prefix: string): Promise<string[]> {
  const { rows } = await server.query<{ datname: string }>(
    "select datname from pg_database where starts_with(datname, $1)",
    [prefix],
  );
  return rows.map(({ datname }) => datname);
}

async function exists(server: pg.Client, name: string): Promise<boolean> {
  return (await databasesLike(server, name)).includes(name);
}

async function withServer<Result>(
  serverUrl: string,
  work: (server: pg.Client) => Promise<Result>,
): Promise<Result> {
  const server = new pg.Client(serverUrl);
  await server.connect();
  try {
    return await work(server);
  } finally {
    await server.end();
  }
}

function urlOf(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

function loginUrl(url: string, role: LoginRole): string {
  const login = new URL(url);
  login.username = role;
  login.password = passwordOf(role);
  return login.href;
}

function secondsNow(): number {
  return Math.floor(Date.now() / 1000);
}
