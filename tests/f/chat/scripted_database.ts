import type { Database, Queryable } from "../../../f/platform/postgres.ts";

/** A transaction of a tenant that is known. */
const OPENING = [/^begin; select set_config/, [{ organization_id: "" }]] as const;

/** A database that answers each statement by the first pattern it matches, and fails on any other. */
export function scriptedDatabase(
  answers: readonly (readonly [pattern: RegExp, rows: readonly object[]])[],
): Database & { readonly statements: string[] } {
  const statements: string[] = [];
  const connection: Queryable = {
    query: async <Row>(sql: string) => {
      statements.push(sql);
      if (/^(commit|rollback)$/.test(sql)) return [];
      const answer = [...answers, OPENING].find(([pattern]) => pattern.test(sql));
      if (!answer) throw new Error(`The script has no rows for: ${sql}`);
      return [...answer[1]] as Row[];
    },
  };
  return { statements, query: connection.query, exclusively: (work) => work(connection) };
}
