/** The database did not answer, or the connection broke. Another attempt may succeed. */
export class DatabaseUnavailableError extends Error {
  override readonly name = "DatabaseUnavailableError";
  readonly where: string;

  constructor(where: string, options: ErrorOptions) {
    super(
      `PostgreSQL at ${where} cannot be reached: check that it runs and the resource f/platform/postgres.`,
      options,
    );
    this.where = where;
  }
}

/** A query returned another number of rows than its caller relies on. */
export class RowCountError extends Error {
  override readonly name = "RowCountError";
  readonly expected: string;
  readonly found: number;
  readonly sql: string;

  constructor(expected: string, found: number, sql: string) {
    super(`Expected ${expected} and found ${found}: ${sql.trim().replace(/\s+/g, " ")}`);
    this.expected = expected;
    this.found = found;
    this.sql = sql;
  }
}
