import { renameSync, writeFileSync } from "node:fs";

/** Writes beside the file and renames, so that a kill in between leaves the old one whole. */
export function writeFileAtomically(file: string, content: string | Uint8Array): void {
  const next = `${file}.next`;
  writeFileSync(next, content);
  renameSync(next, file);
}
