import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const WITHOUT_ENV = join(ROOT, ".local", "deploy.env");

/** Variables by name; one that is empty is as good as missing. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** There is no env file, and nothing else names the database. */
export class NoEnvFileError extends Error {
  override readonly name = "NoEnvFileError";
  readonly file: string;

  constructor(file: string) {
    super(
      `${file === WITHOUT_ENV ? ".env" : file} does not exist, and DATABASE_URL is not set. ` +
        "Begin with a copy of .env.example.",
    );
    this.file = file;
  }
}

/** `.env`; without it, what is made on the way is kept beside the other state of this machine. */
export function defaultEnvFile(): string {
  const file = join(ROOT, ".env");
  return existsSync(file) ? file : WITHOUT_ENV;
}

/**
 * What `.env` says, where there is one, and over it what the process was started with: as
 * db/manage_db.sh reads them, so both see the same database and keys. A first deployment may do
 * without a file, which it makes.
 *
 * @throws {NoEnvFileError}
 */
export function readEnvironment(file: string, processEnv: Environment): Environment {
  const exists = existsSync(file);
  if (!exists && !processEnv.DATABASE_URL) throw new NoEnvFileError(file);
  const fromFile = exists ? parseEnv(readFileSync(file, "utf8")) : {};
  const given = Object.entries(processEnv).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  return { ...fromFile, ...Object.fromEntries(given) };
}
