import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";

const folderFile = z.object({ summary: z.string() });

/**
 * The folders of f/. `wmill sync push` leaves them out: Windmill adds whoever makes a folder to its
 * owners, and each push would take them out again.
 */
export function folders(session: WindmillSession, root: string): Unit {
  return {
    name: "folders",
    async compare() {
      const there = await session.api.folderNames();
      return foldersOf(root).map(({ name, summary }) =>
        there.includes(name)
          ? same(`folder f/${name}`)
          : missing(`folder f/${name}`, () => session.api.createFolder(name, summary)),
      );
    },
  };
}

function foldersOf(root: string): { name: string; summary: string }[] {
  return readdirSync(join(root, "f"), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => {
      const file = readFileSync(join(root, "f", name, "folder.meta.yaml"), "utf8");
      return { name, summary: folderFile.parse(parse(file)).summary };
    });
}
