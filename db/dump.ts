/** `npm run db:dump`: writes db/schema.sql as the migrations make it, on the embedded database. */

import { writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { startMigratedPostgres } from "../local/postgres/start_migrated_postgres.ts";
import { withConnection } from "./connection.ts";
import { schemaSql } from "./schema_sql.ts";

const postgres = await startMigratedPostgres();
try {
  const schema = await withConnection(postgres.url, schemaSql);
  await writeFile(fileURLToPath(new URL("./schema.sql", import.meta.url)), schema);
} finally {
  await postgres.close();
}
