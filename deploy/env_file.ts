import {
  existsSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

/** Readable by nobody else: the file holds passwords. */
const PRIVATE = 0o600;

/** Where a secret that was drawn or made is kept, so that the next deployment finds it. */
export interface SecretStore {
  /** A path, for people. */
  readonly where: string;
  keep(name: string, value: string): void;
}

/**
 * An env file, whose other lines stay as they are, byte for byte. It is made when it is not there, and
 * after it was written nobody else may read it.
 */
export function openEnvFile(file: string): SecretStore {
  return {
    where: file,
    keep: (name, value) => {
      const exists = existsSync(file);
      if (!exists) mkdirSync(dirname(file), { recursive: true });
      const text = exists ? readFileSync(file, "utf8") : "";
      // a link stays one
      const target = exists ? realpathSync(file) : file;
      // beside it and renamed, so that a kill in between leaves the old one whole
      const next = `${target}.${process.pid}.next`;
      writeFileSync(next, withVariable(text, name, value), { mode: PRIVATE });
      renameSync(next, target);
    },
  };
}

/** Whether others on this machine may read the file. */
export function isReadByOthers(file: string): boolean {
  return existsSync(file) && (statSync(file).mode & 0o077) !== 0;
}

/** The text of an env file with a variable's line replaced, or added at its end. */
export function withVariable(text: string, name: string, value: string): string {
  const line = `${name}=${value}`;
  // of several lines the last one counts
  const existing = [...text.matchAll(new RegExp(`^${name}=.*$`, "gm"))].at(-1);
  if (existing !== undefined) {
    const end = existing.index + existing[0].length;
    return text.slice(0, existing.index) + line + text.slice(end);
  }
  const isOpen = text !== "" && !text.endsWith("\n");
  return `${text}${isOpen ? "\n" : ""}${line}\n`;
}
