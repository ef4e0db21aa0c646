import { Client, DatabaseError, escapeLiteral, type QueryResult, types } from "pg";
import { DatabaseUnavailableError, RowCountError } from "./postgres_errors.ts";

/** A Windmill resource of type `postgresql`: the parameter's type name is what Windmill takes it from. */
export type Postgresql = {
  host: string;
  port: number;
  user: string;
  password: string;
  dbname: string;
  sslmode: "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";
  root_certificate_pem?: string;
};

/**
 * What runs SQL. Of several statements, which take no parameters, the last one's rows. `int8` arrives as a number,
 * `date` as "YYYY-MM-DD", `numeric` as a string.
 */
export interface Queryable {
  query<Row>(sql: string, params?: readonly unknown[]): Promise<Row[]>;
}

/** A job's connection. Row-level security shows it nothing until withTenant names a tenant. */
export interface Database extends Queryable {
  /** Runs `work` while nothing else uses the connection. Calling the Database inside `work` would wait for ever. */
  exclusively<Result>(work: (connection: Queryable) => Promise<Result>): Promise<Result>;
}

/** An open transaction that sees one organization's rows. */
export interface Tenant extends Queryable {
  readonly organizationId: string;
}

const CONNECT_TIMEOUT_MS = 5_000;
/** Windmill restarts a job that is silent for 60 s: a stuck query has to fail well before. */
const STATEMENT_TIMEOUT_MS = 15_000;

/** Gives `work` the job's one connection and closes it at the end. Throws DatabaseUnavailableError. */
export async function withDb<Result>(
  resource: Postgresql,
  work: (database: Database) => Promise<Result>,
): Promise<Result> {
  const client = makeClient(resource);
  const where = `${resource.host}:${resource.port}/${resource.dbname}`;
  // A connection may break while a model is being asked. Unheard, the event would end the process;
  // the next query reports it.
  let lost: Error | undefined;
  client.on("error", (error) => {
    lost = error;
  });
  try {
    await client.connect();
  } catch (cause) {
    throw new DatabaseUnavailableError(where, { cause });
  }
  const connection: Queryable = {
    query: async <Row>(sql: string, params: readonly unknown[] = []) => {
      if (lost) throw new DatabaseUnavailableError(where, { cause: lost });
      try {
        return rowsOf<Row>(await client.query<Row & object>(sql, [...params]));
      } catch (cause) {
        throw isConnectionLoss(cause) ? new DatabaseUnavailableError(where, { cause }) : cause;
      }
    },
  };
  try {
    return await work(oneAtATime(connection));
  } finally {
    await client.end();
  }
}

/**
 * Runs `work` in a short transaction that sees only this organization's rows, and returns its result.
 * Nothing else opens a transaction. No network call belongs inside: the rows stay locked meanwhile.
 */
export async function withTenant<Result>(
  database: Database,
  organizationId: string,
  work: (tenant: Tenant) => Promise<Result>,
): Promise<Result> {
  return inTransaction(database, escapeLiteral(organizationId), (connection) =>
    work(tenantOn(connection, organizationId)),
  );
}

/** A row whose tenant is still to be found out. */
export type Owned = { readonly turnId: string } | { readonly webhookEventId: number };

/** What came of the work, and whose row it was about. */
export interface InTenant<Result> {
  readonly organizationId: string;
  readonly result: Result;
}

/**
 * As withTenant, for the organization that a row belongs to: the message that opens the transaction finds it out.
 * Undefined, and `work` does not run, when it is nobody's.
 */
export async function withTenantOf<Result>(
  database: Database,
  owned: Owned,
  work: (tenant: Tenant) => Promise<Result>,
): Promise<InTenant<Result> | undefined> {
  return inTransaction(database, organizationOf(owned), async (connection, organizationId) =>
    organizationId === ""
      ? undefined
      : { organizationId, result: await work(tenantOn(connection, organizationId)) },
  );
}

/** SQL. Both functions see every tenant's rows, and tell no more than whose one is. */
function organizationOf(owned: Owned): string {
  return "turnId" in owned
    ? `turn_organization(${escapeLiteral(owned.turnId)})::text`
    : `webhook_event_organization(${escapeLiteral(String(owned.webhookEventId))})::text`;
}

function tenantOn(connection: Queryable, organizationId: string): Tenant {
  return { organizationId, query: (sql, params) => connection.query(sql, params) };
}

/** `organization`: SQL. `work` gets its value, "" for null, which no row's tenant is. */
function inTransaction<Result>(
  database: Database,
  organization: string,
  work: (connection: Queryable, organizationId: string) => Promise<Result>,
): Promise<Result> {
  return database.exclusively(async (connection) => {
    try {
      // one message and not two, as only a query without parameters can be: a turn has ten transactions
      const { organization_id } = await one<{ organization_id: string }>(
        connection,
        `begin; select set_config('app.organization_id', ${organization}, true) as organization_id`,
      );
      const result = await work(connection, organization_id);
      await connection.query("commit");
      return result;
    } catch (error) {
      // without a connection the server has rolled back by itself
      if (!(error instanceof DatabaseUnavailableError)) await connection.query("rollback");
      throw error;
    }
  });
}

function rowsOf<Row>(result: QueryResult<Row & object> | QueryResult<Row & object>[]): Row[] {
  return Array.isArray(result) ? (result.at(-1)?.rows ?? []) : result.rows;
}

/** The query's only row. Throws RowCountError for none or several. */
export async function one<Row>(
  queryable: Queryable,
  sql: string,
  params: readonly unknown[] = [],
): Promise<Row> {
  const row = await maybeOne<Row>(queryable, sql, params);
  if (row === undefined) throw new RowCountError("one row", 0, sql);
  return row;
}

/** The query's only row, or undefined. Throws RowCountError for several. */
export async function maybeOne<Row>(
  queryable: Queryable,
  sql: string,
  params: readonly unknown[] = [],
): Promise<Row | undefined> {
  const rows = await queryable.query<Row>(sql, params);
  if (rows.length > 1) throw new RowCountError("at most one row", rows.length, sql);
  return rows[0];
}

/** All rows, possibly none. */
export function many<Row>(
  queryable: Queryable,
  sql: string,
  params: readonly unknown[] = [],
): Promise<Row[]> {
  return queryable.query<Row>(sql, params);
}

/** Tools run several at once over one connection: their transactions must not run into each other. */
function oneAtATime(connection: Queryable): Database {
  let last: Promise<unknown> = Promise.resolve();
  const exclusively = <Result>(work: (connection: Queryable) => Promise<Result>) => {
    const result = last.then(() => work(connection));
    // the next one starts whatever became of this one, whose caller has the error
    last = result.then(
      () => undefined,
      () => undefined,
    );
    return result;
  };
  return {
    exclusively,
    query: (sql, params) => exclusively((held) => held.query(sql, params)),
  };
}

/** 08…: the connection failed. 57P01 to 57P03: the server is stopping, has crashed, or is starting. */
const CONNECTION_SQLSTATES = /^(08|57P0[123])/;

/** What pg itself throws, and no server said, is about the connection; a RangeError is parseSafeInteger's. */
function isConnectionLoss(error: unknown): boolean {
  if (error instanceof DatabaseError) return CONNECTION_SQLSTATES.test(error.code ?? "");
  return !(error instanceof RangeError);
}

function makeClient(resource: Postgresql): Client {
  return new Client({
    host: resource.host,
    port: resource.port,
    user: resource.user,
    password: resource.password,
    database: resource.dbname,
    ssl: tlsOptions(resource),
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    // where the server cannot cancel (PGlite), the client gives up by itself
    query_timeout: STATEMENT_TIMEOUT_MS + 1_000,
    idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
    types: { getTypeParser: typeParser },
  });
}

/** As libpq reads sslmode, except that `allow` and `prefer` do not fall back to plain text. */
function tlsOptions({ sslmode, root_certificate_pem: ca }: Postgresql) {
  switch (sslmode) {
    case "disable":
      return false;
    case "verify-full":
      return { ca, rejectUnauthorized: true };
    case "verify-ca":
      return { ca, rejectUnauthorized: true, checkServerIdentity: () => undefined };
    default:
      return { rejectUnauthorized: false };
  }
}

const typeParser = ((oid: number, format?: "text" | "binary") => {
  switch (oid) {
    case types.builtins.INT8:
      return parseSafeInteger;
    case types.builtins.DATE:
      // pg would make it a Date at local midnight, which is another day elsewhere
      return (value: string) => value;
    default:
      return types.getTypeParser(oid, format as "text");
  }
}) as typeof types.getTypeParser;

function parseSafeInteger(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`The bigint ${value} does not fit a JavaScript number.`);
  }
  return number;
}
