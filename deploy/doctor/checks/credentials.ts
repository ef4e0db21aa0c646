import { openCredentials } from "../../../db/open_credentials.ts";
import { KeySetError } from "../../../f/platform/secrets.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { readKeySet } from "../key_set.ts";
import { inEachTenant } from "../tenants.ts";
import { database } from "./database.ts";
import { windmill } from "./windmill.ts";

/** Every stored credential opens with the keys that the steps have. What comes out is dropped at once. */
export const credentials: Check = {
  name: "credentials",
  needs: [windmill, database],
  async run({ windmill: api, withDatabase }) {
    const keys = await readKeySet(api).catch(keySetProblem);
    if (typeof keys === "string") {
      return [failed(keys, "Put back the value from your password store, or run npm run deploy.")];
    }
    const tried = await withDatabase((db) =>
      inEachTenant(db, (id) => openCredentials(db, keys, id)),
    );
    const problems = tried.flatMap((each) => each.problems);
    if (problems.length > 0) {
      return problems.map((problem) =>
        failed(
          problem,
          "Add the key that it was made with to f/platform/credentials_keys, or run f/operations/set_credentials.",
        ),
      );
    }
    const opened = tried.reduce((sum, each) => sum + each.opened, 0);
    return [ok(`${opened} open with the keys of f/platform/credentials_keys`)];
  },
};

function keySetProblem(error: unknown): string {
  if (error instanceof KeySetError) return error.message;
  throw error;
}
