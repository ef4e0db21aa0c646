import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { withConnection } from "../../db/connection.ts";
import { SEEDED } from "../../db/seed.ts";
import { decryptCredential, parseKeySet } from "../../f/platform/secrets.ts";

const SERVER_URL = process.env.TEST_DATABASE_URL ?? "";
const KEYS = JSON.stringify({ current: "1", keys: { "1": randomBytes(32).toString("base64") } });
const TOKEN = "EAAG0-a-token";
const OWNER = `chatbots_manage_owner_${randomBytes(4).toString("hex")}`;

const name = `chatbots_manage_${randomBytes(4).toString("hex")}`;
const url = new URL(SERVER_URL);
url.pathname = `/${name}`;

const environment: Record<string, string> = {
  DATABASE_URL: url.href,
  WHATSAPP_PHONE_NUMBER_ID: "106540352242922",
  WHATSAPP_ACCESS_TOKEN: TOKEN,
  CREDENTIALS_KEYS: KEYS,
};

interface Outcome {
  code: number | null;
  output: string;
  errors: string;
}

/** `env` replaces variables of `environment`; "" counts as unset. */
function manage(args: string[], { env = {}, input = "" } = {}): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn("db/manage_db.sh", args, {
      env: { PATH: process.env.PATH ?? "", ...environment, ...env },
      stdio: [input === "" ? "ignore" : "pipe", "pipe", "pipe"],
    });
    let output = "";
    let errors = "";
    child.stdout?.on("data", (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output, errors }));
    child.stdin?.end(input);
  });
}

const ask = <Row>(sql: string, params: unknown[] = [], where: string = url.href) =>
  withConnection(where, (database) => database.query<Row>(sql, params));

const exists = async () =>
  (await ask("select from pg_database where datname = $1", [name], SERVER_URL)).length === 1;

beforeAll(async () => {
  expect(await manage(["create"])).toMatchObject({ code: 0 });
});
afterAll(async () => {
  await manage(["--yes", "drop"]);
});

describe("create", () => {
  it("makes a database that verify finds nothing wrong with, and may run again", async () => {
    expect(await manage(["verify"])).toMatchObject({ code: 0, errors: "" });
    const again = await manage(["--dev", "create"]);
    expect(again).toMatchObject({ code: 0, output: "Found the database; ran 0 migrations.\n" });
  });

  it("works for an owner that is no superuser, as compose has it", async () => {
    const owned = new URL(url);
    owned.pathname = `/${name}_owned`;
    owned.username = OWNER;
    owned.password = "a-password";
    const setUp = [
      `create role ${OWNER} login nosuperuser nobypassrls password 'a-password'`,
      `grant chatbot_router to ${OWNER} with admin option`,
      `create database ${name}_owned owner ${OWNER}`,
    ];
    for (const statement of setUp) await ask(statement, [], SERVER_URL);
    const asSuperuser = new URL(url);
    asSuperuser.pathname = owned.pathname;
    await ask("create extension vector", [], asSuperuser.href);
    const env = { DATABASE_URL: owned.href };
    // .env has it for compose, and this owner may not set it
    const withPassword = { ...env, CHATBOT_APP_PASSWORD: "another-password" };
    try {
      const created = await manage(["create"], { env: withPassword });
      expect(created).toMatchObject({ code: 0, errors: "" });
      expect(created.output).toContain("The roles keep their passwords");
      expect(await manage(["seed"], { env })).toMatchObject({ code: 0, errors: "" });
      expect(await manage(["verify"], { env })).toMatchObject({ code: 0, errors: "" });
    } finally {
      await ask(`drop database ${name}_owned with (force)`, [], SERVER_URL);
      await ask(`drop role ${OWNER}`, [], SERVER_URL);
    }
  });
});

describe("seed", () => {
  it.each(["WHATSAPP_PHONE_NUMBER_ID", "WHATSAPP_ACCESS_TOKEN"])(
    "refuses without %s",
    async (variable) => {
      const outcome = await manage(["seed"], { env: { [variable]: "" } });
      expect(outcome.code).toBe(2);
      expect(outcome.errors).toContain(`${variable} is not set`);
    },
  );

  it("draws keys once where none are given, says where they are and keeps them to their owner", async () => {
    const folder = await mkdtemp(join(tmpdir(), "chatbots-keys-"));
    const file = join(folder, "keys.json");
    const env = { CREDENTIALS_KEYS: "", CREDENTIALS_KEYS_FILE: file };
    const first = await manage(["seed"], { env });
    expect(first).toMatchObject({ code: 0, errors: "" });
    expect(first.output).toContain(file);
    const drawn = await readFile(file, "utf8");
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(first.output).not.toContain(parseKeySet(drawn).keys.get("1")?.toString("base64"));
    expect(await manage(["seed"], { env })).toMatchObject({ code: 0, errors: "" });
    expect(await readFile(file, "utf8")).toBe(drawn);
    await rm(folder, { recursive: true });
  });

  it("keeps the token encrypted, and may run again with another number", async () => {
    expect(await manage(["seed"])).toMatchObject({ code: 0, errors: "" });
    const other = { WHATSAPP_PHONE_NUMBER_ID: "106540352242923" };
    expect(await manage(["seed"], { env: other })).toMatchObject({ code: 0, errors: "" });
    const rows = await ask<{ phone_number_id: string; whatsapp_access_token: object }>(
      "select phone_number_id, whatsapp_access_token from chatbots",
    );
    expect(rows).toMatchObject([{ phone_number_id: "106540352242923" }]);
    expect(JSON.stringify(rows)).not.toContain(TOKEN);
    const owner = { organizationId: SEEDED.organizationId, credentialId: SEEDED.chatbotId };
    const [{ whatsapp_access_token: envelope } = { whatsapp_access_token: {} }] = rows;
    expect(decryptCredential(parseKeySet(KEYS), owner, envelope)).toBe(TOKEN);
  });
});

describe("drop", () => {
  it.each(["", "another_name\n", "y\n"])(
    "keeps the database when the answer is %j",
    async (input) => {
      expect(await manage(["drop"], { input })).toMatchObject({ code: 1 });
      expect(await exists()).toBe(true);
    },
  );

  it("drops it when its name is typed", async () => {
    expect(await manage(["drop"], { input: `${name}\n` })).toMatchObject({ code: 0 });
    expect(await exists()).toBe(false);
    expect(await manage(["create"])).toMatchObject({ code: 0 });
  });
});

describe("reset", () => {
  it("begins anew, and drops nothing when it could not seed afterwards", async () => {
    await ask("insert into organizations (name, slug) values ('Old', 'old')");
    const refused = await manage(["--yes", "reset"], { env: { WHATSAPP_ACCESS_TOKEN: "" } });
    expect(refused.code).toBe(2);
    expect(await ask("select from organizations where slug = 'old'")).toHaveLength(1);
    expect(await manage(["--yes", "reset"])).toMatchObject({ code: 0, errors: "" });
    expect(await ask("select name from organizations")).toEqual([{ name: SEEDED.name }]);
  });
});

describe("verify", () => {
  it("says what is wrong and fails", async () => {
    await ask("create table leak (organization_id uuid)");
    const outcome = await manage(["verify"]);
    await ask("drop table leak");
    expect(outcome.code).toBe(1);
    expect(outcome.errors).toContain("- table leak does not force row-level security");
    expect(outcome.errors).toContain("- the schema differs from db/schema.sql");
    expect(await manage(["verify"])).toMatchObject({ code: 0 }); // control
  });

  it("names a migration that has not run", async () => {
    const last =
      "delete from pgmigrations where id = (select max(id) from pgmigrations) returning name";
    const [removed] = await ask<{ name: string }>(last);
    const outcome = await manage(["verify"]);
    await ask("insert into pgmigrations (name, run_on) values ($1, now())", [removed?.name]);
    expect(outcome).toMatchObject({
      code: 1,
      errors: `- migration ${removed?.name} has not run\n`,
    });
  });
});

describe("usage", () => {
  it("is shown when asked for", async () => {
    const outcome = await manage(["--help"]);
    expect(outcome.code).toBe(0);
    expect(outcome.output).toMatch(/^Usage: db\/manage_db\.sh/);
  });

  it.each([
    ["no command", []],
    ["two commands", ["create", "drop"]],
    ["an unknown command", ["explode"]],
    ["no database", ["--test", "verify"]],
  ])("is wrong with %s", async (_, args) => {
    expect(await manage(args)).toMatchObject({ code: 2, output: "" });
  });
});
