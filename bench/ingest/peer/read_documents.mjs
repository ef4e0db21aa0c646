/*
 * The other side: LangChain's loaders and splitter, as its documentation has them. JavaScript, because what it
 * imports is installed when it is asked for, and the types with it.
 */

import { join } from "node:path";
import { DocxLoader } from "@langchain/community/document_loaders/fs/docx";
import { PDFLoader } from "@langchain/community/document_loaders/fs/pdf";
import { CheerioWebBaseLoader } from "@langchain/community/document_loaders/web/cheerio";
import { RecursiveCharacterTextSplitter } from "@langchain/textsplitters";

const [kind = "", folder = "", origin = "", webPages = ""] = process.argv.slice(2);
const splitter = new RecursiveCharacterTextSplitter({ chunkSize: 1_000, chunkOverlap: 200 });
let passages = 0;

async function read(loader) {
  passages += (await splitter.splitDocuments(await loader.load())).length;
}

const start = performance.now();
if (kind === "pdf") {
  await read(new PDFLoader(join(folder, "handbook.pdf")));
} else if (kind === "docx") {
  await read(new DocxLoader(join(folder, "handbook.docx")));
} else {
  for (let page = 0; page < Number(webPages); page++) {
    await read(new CheerioWebBaseLoader(`${origin}/${page}.html`));
  }
}
const ms = performance.now() - start;
console.log(JSON.stringify({ ms, passages, peak: process.resourceUsage().maxRSS }));
