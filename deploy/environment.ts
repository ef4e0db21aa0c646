import { existsSync, readFileSync } from "node:fs";
import { parseEnv } from "node:util";

/** Variables by name; one that is empty is as good as missing. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * What `.env` says, where there is one, and over it what the process was started with: as
 * db/manage_db.sh reads them, so both see the same database and keys.
 */
export function readEnvironment(file: string, processEnv: Environment): Environment {
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  const given = Object.entries(processEnv).filter(
    ([, value]) => value !== undefined && value !== "",
  );
  return { ...fromFile, ...Object.fromEntries(given) };
}
