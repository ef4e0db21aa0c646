import { schemaDifference } from "../../../db/verify.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { database } from "./database.ts";

/** The schema is what the migrations make, and nothing that somebody typed. */
export const schema: Check = {
  name: "schema",
  needs: [database],
  async run({ withDatabase }) {
    const [difference] = await withDatabase(schemaDifference);
    if (difference === undefined) return [ok("is that of db/schema.sql")];
    return [
      failed(difference, "Somebody changed it by hand: undo that, or write it as a migration."),
    ];
  },
};
