import type { Database, Queryable } from "../../../f/platform/postgres.ts";

/** A database that answers each statement by the first pattern it matches, and fails on any other. */
export function scriptedDatabase(
  answers: readonly (readonly [pattern: RegExp, rows: readonly object[]])[],
): Database & { readonly statements: string[] } {
  const statements: string[] = [];
  const connection: Queryable = {
    query: async <Row>(sql: string) => {
      statements.push(sql);
      if (/^(begin|commit|rollback)$|set_config/.test(sql)) return [];
      const answer = answers.find(([pattern]) => pattern.test(sql));
      if (!answer) throw new Error(`The script has no rows for: ${sql}`);
      return [...answer[1]] as Row[];
    },
  };
  return { statements, query: connection.query, exclusively: (work) => work(connection) };
}
