/**
 * Pages a second and peak memory of reading and cutting documents, beside LangChain's loaders and splitter: each side in
 * processes of its own, on the Bun that Windmill ships, in turns. Each kind of document has its process, as each
 * document has in extraction_process.ts. LangChain is installed for it, which needs the registry.
 */

import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { z } from "zod";
import { resolveBunBinary } from "../local/windmill/bun_binary.ts";
import { DOCX_PAGES, PDF_PAGES, WEB_PAGES, writeDocuments } from "./ingest/documents.ts";
import { CannotMeasureError, percentile, round } from "./measurement.ts";

const run = promisify(execFile);

const ROUNDS = 5;
const KINDS = ["pdf", "docx", "html"];
const PAGES = PDF_PAGES + DOCX_PAGES + WEB_PAGES;
const OURS = join(import.meta.dirname, "ingest/read_documents.ts");
const PEER = join(import.meta.dirname, "ingest/peer");

/** `peak` in KiB, as getrusage says it */
const taken = z.object({ ms: z.number(), passages: z.int(), peak: z.number() });
type Taken = z.infer<typeof taken>;

export async function measure(): Promise<Record<string, unknown>> {
  await installPeer();
  const folder = await mkdtemp(join(tmpdir(), "bench-ingest-"));
  await writeDocuments(folder);
  const site = await serve(folder);
  try {
    const origin = `http://127.0.0.1:${(site.address() as AddressInfo).port}`;
    const ours: Taken[] = [];
    const peers: Taken[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      ours.push(await readAll(OURS, folder, origin));
      peers.push(await readAll(join(PEER, "read_documents.mjs"), folder, origin));
    }
    console.table({ ours: summary(ours), langchain: summary(peers) });
    const [own, peer] = [summary(ours), summary(peers)];
    return {
      pages_per_s: own.pages_per_s,
      peer_pages_per_s: peer.pages_per_s,
      peak_mb: own.peak_mb,
      peer_peak_mb: peer.peak_mb,
    };
  } finally {
    site.close();
    await rm(folder, { recursive: true });
  }
}

/** Not in package.json: 84 packages that ask for each other's other versions, for one measurement. */
async function installPeer(): Promise<void> {
  if (existsSync(join(PEER, "node_modules/@langchain/community"))) return;
  console.log("installing LangChain for the comparison …");
  try {
    await run("npm", ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], { cwd: PEER });
  } catch (cause) {
    throw new CannotMeasureError(
      `LangChain could not be installed in ${PEER}, which needs the npm registry: ${String(cause)}`,
      { cause },
    );
  }
}

function serve(folder: string): Promise<Server> {
  const site = createServer(async (request, response) => {
    const page = await readFile(join(folder, basename(request.url ?? "")));
    response.writeHead(200, { "content-type": "text/html" }).end(page);
  });
  return new Promise((resolve) => site.listen(0, "127.0.0.1", () => resolve(site)));
}

/** Together what each kind took, and the most memory that one needed. */
async function readAll(program: string, folder: string, origin: string): Promise<Taken> {
  const all = { ms: 0, passages: 0, peak: 0 };
  for (const kind of KINDS) {
    const args = [program, kind, folder, origin, String(WEB_PAGES)];
    const { stdout } = await run(resolveBunBinary(), args);
    const { ms, passages, peak } = taken.parse(JSON.parse(stdout.trim().split("\n").at(-1) ?? ""));
    all.ms += ms;
    all.passages += passages;
    all.peak = Math.max(all.peak, peak);
  }
  return all;
}

/** The median round, and the median of the rounds' peaks: the first round of a new machine also fills Bun's caches. */
function summary(rounds: readonly Taken[]) {
  const times = rounds.map(({ ms }) => ms);
  const peaks = rounds.map(({ peak }) => peak);
  return {
    pages_per_s: round(PAGES / (percentile(times, 0.5) / 1_000), 1),
    peak_mb: round(percentile(peaks, 0.5) / 1_024, 1),
    passages: rounds[0]?.passages ?? 0,
  };
}
