/** Our side, a process of its own: reads and cuts all documents, and prints what it took. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { chunkDocument } from "../../f/knowledge/chunk.ts";
import { extractDocument } from "../../f/knowledge/extract_document.ts";
import type { FileType } from "../../f/knowledge/file_type.ts";

const [folder = "", origin = "", webPages = ""] = process.argv.slice(2);
let passages = 0;

async function read(type: FileType, bytes: Uint8Array): Promise<void> {
  passages += chunkDocument(await extractDocument(type, { bytes })).length;
}

const start = performance.now();
await read("pdf", await readFile(join(folder, "handbook.pdf")));
await read("docx", await readFile(join(folder, "handbook.docx")));
for (let page = 0; page < Number(webPages); page++) {
  const response = await fetch(`${origin}/${page}.html`);
  await read("html", await response.bytes());
}
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, passages, peak: process.resourceUsage().maxRSS }));
