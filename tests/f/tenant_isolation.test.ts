import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { makeWorld, type World } from "./entry_point_world.ts";
import { ENTRY_POINTS } from "./entry_points.ts";

let db: TestDatabase;
let mine: World;
let theirs: World;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** The scripts that take an id, or a context that holds ids, as their descriptions in f/ say. */
function scriptsWithIds(): string[] {
  return readdirSync("f", { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".script.yaml"))
    .map((name) => join("f", name))
    .filter((path) => {
      const { schema } = parse(readFileSync(path, "utf8")) as Script;
      return Object.keys(schema.properties).some((name) => /_id$|^context$/.test(name));
    })
    .map((path) => path.replace(".script.yaml", ""))
    .sort();
}

interface Script {
  schema: { properties: Record<string, unknown> };
}

/** Every row of an organization, by table: the tables are those of the catalogue. */
async function rowsOf({ shop }: World): Promise<Record<string, unknown>> {
  const tables = await db.query<{ name: string }>(
    `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
     where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and a.attname = 'organization_id'`,
  );
  const rows: Record<string, unknown> = {};
  for (const { name } of tables) {
    const sql = `select to_jsonb(t) as row from ${name} t where organization_id = $1 order by to_jsonb(t)::text`;
    rows[name] = await db.query(sql, [shop.organization.id]);
  }
  return rows;
}

/** What came of a run, also an error's words. */
const outcomeOf = (run: Promise<unknown>): Promise<unknown> =>
  run.catch((error: unknown) => ({ failed: String(error) }));

it("every script that takes an id has a case", () => {
  expect(Object.keys(ENTRY_POINTS).sort()).toEqual(scriptsWithIds());
});

describe.each(Object.entries(ENTRY_POINTS))("%s", (_path, run) => {
  beforeAll(async () => {
    await db.query("delete from organizations");
    mine = await makeWorld(db, "Quillwort");
    theirs = await makeWorld(db, "Bramblethorn");
  });

  it("changes and shows nothing of another organization whose ids it is given", async () => {
    const before = await rowsOf(theirs);
    const outcome = await outcomeOf(run(mine, theirs));
    expect(await rowsOf(theirs)).toEqual(before);
    expect(JSON.stringify([outcome, mine.outside, theirs.outside])).not.toContain(theirs.word);
  });

  it("changes or shows something of its own", async () => {
    // control, where the test above left everything as it was
    const before = await rowsOf(theirs);
    const outcome = await run(theirs, theirs);
    const hasChanged = JSON.stringify(await rowsOf(theirs)) !== JSON.stringify(before);
    const hasShown = JSON.stringify([outcome, theirs.outside]).includes(theirs.word);
    expect({ hasEffect: hasChanged || hasShown }).toEqual({ hasEffect: true });
  });
});
