/** Our side, in a process of its own for each kind of document: reads and cuts them, and prints what it took. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chunkDocument } from "../../f/knowledge/chunk.ts";
import { extractDocument } from "../../f/knowledge/extract_document.ts";
import type { FileType } from "../../f/knowledge/file_type.ts";

const [kind = "", folder = "", origin = "", webPages = ""] = process.argv.slice(2);
let passages = 0;

async function read(type: FileType, bytes: Uint8Array): Promise<void> {
  passages += chunkDocument(await extractDocument(type, { bytes })).length;
}

const start = performance.now();
if (kind === "pdf" || kind === "docx") {
  await read(kind, await readFile(join(folder, `handbook.${kind}`)));
} else {
  for (let page = 0; page < Number(webPages); page++) {
    const response = await fetch(`${origin}/${page}.html`);
    await read("html", await response.bytes());
  }
}
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, passages, peak: process.resourceUsage().maxRSS }));
