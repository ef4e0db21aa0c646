/** What db/manage_db.sh runs: `tsx db/manage.ts <target> <command> [file]`; that script's help says what each does. */

import { parseKeySet } from "../f/platform/secrets.ts";
import { backUp } from "./backup.ts";
import { withConnection } from "./connection.ts";
import { credentialsKeys } from "./credentials_keys.ts";
import { createDatabase, dropDatabase, setRolePasswords } from "./database_lifecycle.ts";
import { migrate } from "./migrate.ts";
import { restore, verifyBackup } from "./restore.ts";
import { SEEDED, type SeedValues, seed } from "./seed.ts";
import { verify } from "./verify.ts";

type Target = "dev" | "test";

class UsageError extends Error {
  override name = "UsageError";
}

/** An environment variable that a command cannot do without. */
function required(name: string, why: string): string {
  const value = process.env[name];
  if (!value) throw new UsageError(`${name} is not set: ${why}.`);
  return value;
}

/** In a test database nobody sends to Meta, so nothing has to be known of it. */
function seedValues(target: Target): SeedValues {
  if (target === "test") {
    return { phoneNumberId: "109876543210987", displayPhoneNumber: "15550100100" };
  }
  return {
    phoneNumberId: required("WHATSAPP_PHONE_NUMBER_ID", "the chatbot needs a number to answer on"),
    displayPhoneNumber: process.env.WHATSAPP_DISPLAY_PHONE_NUMBER ?? "",
    accessToken: {
      value: required("WHATSAPP_ACCESS_TOKEN", "the chatbot needs a token to answer with"),
      keys: credentialsKeys(process.env, console.log),
    },
  };
}

async function create(url: string): Promise<void> {
  const isNew = await createDatabase(url);
  const migrations = await migrate(url);
  const isSet = await setRolePasswords(url, {
    chatbot_app: process.env.CHATBOT_APP_PASSWORD,
    chatbot_ingress: process.env.CHATBOT_INGRESS_PASSWORD,
  });
  console.log(`${isNew ? "Created" : "Found"} the database; ran ${migrations.length} migrations.`);
  if (!isSet) console.log("The roles keep their passwords: only a superuser may change them.");
}

async function putSeed(url: string, values: SeedValues): Promise<void> {
  await seed(url, values);
  console.log(`Seeded ${SEEDED.name}, on the number ${values.phoneNumberId}.`);
}

async function drop(url: string): Promise<void> {
  console.log(
    (await dropDatabase(url)) ? "Dropped the database." : "There was no database to drop.",
  );
}

async function check(url: string): Promise<void> {
  const problems = await withConnection(url, verify);
  for (const problem of problems) console.error(`- ${problem}`);
  if (problems.length > 0) process.exitCode = 1;
  else console.log("The database is as the migrations and the conventions want it.");
}

const BACKUP_COMMANDS = ["backup", "restore", "verify-backup"];

async function runOnBackup(url: string, command: string, file: string): Promise<void> {
  if (file === "") throw new UsageError(`${command} needs the name of the backup's file.`);
  const prefix = process.env.PG_TOOLS ?? "";
  if (command === "backup") {
    const { tables } = await backUp(url, file, prefix);
    console.log(`Saved ${tables.size} tables in ${file}, and what they hold in ${file}.json.`);
  } else if (command === "restore") {
    await restore(url, file, prefix);
    console.log(`Restored ${file}.`);
  } else {
    const keys = process.env.CREDENTIALS_KEYS;
    const found = await verifyBackup(url, file, prefix, keys ? parseKeySet(keys) : null);
    console.log(JSON.stringify(found));
    if (found.problems.length > 0) process.exitCode = 1;
  }
}

function urlFor(target: Target, command: string): string {
  if (target === "test") return required("TEST_DATABASE_URL", "it names the test database");
  const backupUrl = BACKUP_COMMANDS.includes(command) && process.env.BACKUP_DATABASE_URL;
  return backupUrl || required("DATABASE_URL", "it names the development database");
}

async function run(target: Target, command: string, file: string): Promise<void> {
  const url = urlFor(target, command);
  if (BACKUP_COMMANDS.includes(command)) return runOnBackup(url, command, file);
  switch (command) {
    case "create":
      return create(url);
    case "seed":
      return putSeed(url, seedValues(target));
    case "drop":
      return drop(url);
    case "reset": {
      // asked for before anything is dropped
      const values = seedValues(target);
      await drop(url);
      await create(url);
      return putSeed(url, values);
    }
    case "verify":
      return check(url);
    default:
      throw new UsageError(`There is no command "${command}".`);
  }
}

const [target, command, file] = process.argv.slice(2);
try {
  await run(target === "test" ? "test" : "dev", command ?? "", file ?? "");
} catch (error) {
  console.error(error instanceof Error ? `${error.name}: ${error.message}` : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}
