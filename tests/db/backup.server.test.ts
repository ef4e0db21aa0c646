import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  BackupDamagedError,
  BackupExistsError,
  BlindBackupRoleError,
  backUp,
} from "../../db/backup.ts";
import { withConnection } from "../../db/connection.ts";
import { dropDatabase } from "../../db/database_lifecycle.ts";
import { ToolNotFoundError } from "../../db/postgres_tools.ts";
import { DatabaseNotEmptyError, restore, verifyBackup } from "../../db/restore.ts";
import { SEEDED, seed } from "../../db/seed.ts";
import { verify } from "../../db/verify.ts";
import { parseKeySet } from "../../f/platform/secrets.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import {
  embeddingOf,
  insertDocumentChunk,
  insertMessage,
  insertUsageSummary,
  insertWebhookEvent,
} from "../helpers/records.ts";
import { asRole } from "./as_role.ts";

const TOOLS = process.env.PG_TOOLS ?? "";
const newKeys = () =>
  JSON.stringify({ current: "1", keys: { "1": randomBytes(32).toString("base64") } });
const KEYS = newKeys();

let database: TestDatabase;
let folder: string;
let saved: string;
let restored: TestDatabase;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "chatbots-backup-"));
  saved = join(folder, "saved.dump");
  database = await createTestDatabase();
  restored = beside("restored");
  const accessToken = { value: "EAAG0-a-token", keys: parseKeySet(KEYS) };
  await seed(database.url, { phoneNumberId: "1", displayPhoneNumber: "+1", accessToken });
  await insertDocumentChunk(database, {
    content: "We mend bicycles.",
    embedding: embeddingOf(1, 2),
  });
  await insertUsageSummary(database, { messages_used: 7 });
  await saveWhileContactsWrite();
  await restore(restored.url, saved, TOOLS);
});
afterAll(async () => {
  await dropDatabase(restored.url);
  await database.close();
  await rm(folder, { recursive: true });
});

/** The database of that name on the same server. */
function beside(name: string): TestDatabase {
  const at = (connectionString: string) => {
    const url = new URL(connectionString);
    url.pathname += `_${name}`;
    return url.href;
  };
  const url = at(database.url);
  return {
    ...database,
    url,
    connectionString: (role) => at(database.connectionString(role)),
    query: (sql, params) => withConnection(url, (connection) => connection.query(sql, params)),
  };
}

/** A message and its event each time, in two statements: a backup may hold one and not yet the other. */
async function saveWhileContactsWrite(): Promise<void> {
  let isSaving = true;
  const saving = backUp(database.url, saved, TOOLS).finally(() => {
    isSaving = false;
  });
  while (isSaving) {
    await insertWebhookEvent(database);
    await insertMessage(database);
  }
  await saving;
}

const countOf = async (where: TestDatabase, table: string) => {
  const [row] = await where.query<{ n: string }>(`select count(*) as n from ${table}`);
  return Number(row?.n);
};

/** As the command prints it, and its exit status. */
function manage(...args: string[]): Promise<{ code: number; output: string; errors: string }> {
  const env = {
    ...process.env,
    DATABASE_URL: "",
    BACKUP_DATABASE_URL: database.url,
    CREDENTIALS_KEYS: KEYS,
  };
  return new Promise((resolve) => {
    execFile("db/manage_db.sh", args, { env }, (error, output, errors) =>
      resolve({ code: typeof error?.code === "number" ? error.code : 0, output, errors }),
    );
  });
}

describe("a backup taken while contacts write", () => {
  it("holds one moment: every table comes back as it was in it, and later rows are not in it", async () => {
    const check = await verifyBackup(database.url, saved, TOOLS, parseKeySet(KEYS));
    expect(check).toMatchObject({ problems: [], credentials_opened: 1 });
    expect(check.rows).toBeGreaterThan(70);
    const inBackup = await countOf(restored, "messages");
    expect(await countOf(database, "messages")).toBeGreaterThan(inBackup); // control: they wrote meanwhile
  });

  it("is for its owner's eyes only", async () => {
    expect((await stat(saved)).mode & 0o777).toBe(0o600);
    const list = await readFile(`${saved}.json`, "utf8");
    expect(list).not.toContain(new URL(database.url).password || "postgresql://");
  });
});

describe("a restored database", () => {
  it("is as the migrations and the conventions want it", async () => {
    expect(await withConnection(restored.url, verify)).toEqual([]);
  });

  it("keeps tenants apart, and strangers out", async () => {
    const { organizationId } = SEEDED;
    const seenBy = (organization: string | null) =>
      asRole(restored, "chatbot_app", organization, ({ query }) =>
        query<{ id: string }>("select id from organizations"),
      );
    expect(await countOf(restored, "organizations")).toBeGreaterThan(1);
    expect(await seenBy(organizationId)).toEqual([{ id: organizationId }]);
    expect(await seenBy(null)).toEqual([]);
    await expect(
      asRole(restored, "chatbot_ingress", null, ({ query }) => query("select from organizations")),
    ).rejects.toThrow("permission denied");
    const health = await asRole(restored, "chatbot_ingress", null, ({ query }) =>
      query("select * from inbox_health()"),
    );
    expect(health).toHaveLength(1); // control
    const acl =
      "select coalesce(datacl::text, '') as acl from pg_database where datname = current_database()";
    const [{ acl: grants } = { acl: "" }] = await restored.query<{ acl: string }>(acl);
    expect(grants).not.toMatch(/[{,]=/); // nothing for everybody
  });

  it("finds what was found by vector and by words", async () => {
    const search = async (where: TestDatabase) => [
      ...(await where.query(
        "select content, similarity from chatbots b, search_knowledge_base(b.id, $1::vector, 5, 0.5)",
        [embeddingOf(1, 2)],
      )),
      ...(await where.query("select lexeme, chunk_ids, weights from chunk_lexemes order by 1")),
    ];
    const found = await search(restored);
    expect(found).toEqual(await search(database));
    expect(found).toMatchObject([{ content: "We mend bicycles." }, {}, {}]);
  });

  it("counts nothing twice, and goes on with the next id", async () => {
    expect(await restored.query("select messages_used from usage_summary")).toEqual([
      { messages_used: 7 },
    ]);
    const [last] = await restored.query<{ id: string }>("select max(id) as id from webhook_events");
    const event = await insertWebhookEvent(restored);
    expect(Number(event.id)).toBeGreaterThan(Number(last?.id));
  });
});

describe("verify-backup", () => {
  it("prints one line of JSON and leaves no database behind", async () => {
    const { code, output } = await manage("verify-backup", saved);
    expect({ code, check: JSON.parse(output) }).toMatchObject({
      code: 0,
      check: { backup: saved, credentials_opened: 1, problems: [] },
    });
    const like = `${new URL(database.url).pathname.slice(1)}_verify_%`;
    expect(await database.query("select from pg_database where datname like $1", [like])).toEqual(
      [],
    );
  });

  it("fails and says which table differs", async () => {
    const file = join(folder, "other.dump");
    await backUp(database.url, file, TOOLS);
    const list = JSON.parse(await readFile(`${file}.json`, "utf8"));
    list.tables.messages.rows += 1;
    list.tables.usage_summary.digest = "0";
    await writeFile(`${file}.json`, JSON.stringify(list));
    const { code, output } = await manage("verify-backup", file);
    expect(code).toBe(1);
    const { messages } = list.tables;
    expect(JSON.parse(output).problems).toEqual([
      `table messages has ${messages.rows - 1} rows instead of ${messages.rows}`,
      "table usage_summary has other values in its 1 rows",
    ]);
  });

  it("says which credential another installation's keys do not open", async () => {
    const check = await verifyBackup(database.url, saved, TOOLS, parseKeySet(newKeys()));
    expect(check.problems).toEqual([
      expect.stringContaining(`the credential of chatbot ${SEEDED.chatbotId} does not open`),
    ]);
  });

  it("refuses a file that is not what was written", async () => {
    const file = join(folder, "damaged.dump");
    const bytes = await readFile(saved);
    bytes.writeUInt8((bytes.at(-1) ?? 0) ^ 1, bytes.length - 1);
    await writeFile(file, bytes);
    await writeFile(`${file}.json`, await readFile(`${saved}.json`));
    await expect(verifyBackup(database.url, file, TOOLS, null)).rejects.toThrow(BackupDamagedError);
  });
});

it("saves and restores by tools that run beside the server, as PG_TOOLS says", async () => {
  const { hostname, port, password } = new URL(database.url);
  const [{ major } = { major: "" }] = await database.query<{ major: string }>(
    "select current_setting('server_version_num')::int / 10000 as major",
  );
  // what a container's own socket knows, these variables tell
  const beside = [
    "env",
    `PGHOST=${hostname}`,
    `PGPORT=${port}`,
    `PGPASSWORD=${password || "unused"}`,
    `PATH=/usr/lib/postgresql/${major}/bin:${process.env.PATH}`,
  ].join(" ");
  const file = join(folder, "beside.dump");
  await backUp(database.url, file, beside);
  expect(await verifyBackup(database.url, file, beside, null)).toMatchObject({ problems: [] });
});

describe("what would lose rows is refused", () => {
  it("a backup by a role that row-level security binds; one with bypassrls may read all", async () => {
    const role = `chatbots_backup_${randomBytes(4).toString("hex")}`;
    await database.query(
      `create role ${role} login password 'a-password' nobypassrls in role pg_read_all_data`,
    );
    const url = new URL(database.url);
    url.username = role;
    url.password = "a-password";
    const file = join(folder, "by_role.dump");
    try {
      await expect(backUp(url.href, file, TOOLS)).rejects.toThrow(BlindBackupRoleError);
      await database.query(`alter role ${role} bypassrls`);
      await backUp(url.href, file, TOOLS);
      expect(await verifyBackup(database.url, file, TOOLS, null)).toMatchObject({ problems: [] });
    } finally {
      await database.query(`drop role ${role}`);
    }
  });

  it("a backup over another, and a restore into a database that is in use", async () => {
    await expect(backUp(database.url, saved, TOOLS)).rejects.toThrow(BackupExistsError);
    await expect(restore(database.url, saved, TOOLS)).rejects.toThrow(DatabaseNotEmptyError);
  });

  it("a pg_dump of no known version", async () => {
    const file = join(folder, "by_nobody.dump");
    await expect(backUp(database.url, file, "echo")).rejects.toThrow(ToolNotFoundError);
  });

  it("a backup without a file's name", async () => {
    const { code, errors } = await manage("backup");
    expect(code).toBe(2);
    expect(errors).toContain("backup needs the name of the backup's file");
  });
});
