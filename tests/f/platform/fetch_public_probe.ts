import { createInterface } from "node:readline";
import { type PublicFetchOptions, publicFetch } from "../../../f/platform/fetch_public.ts";

/** A request of the test, one JSON line on stdin. */
export interface FetchRequest {
  url: string;
  options: Omit<PublicFetchOptions, "resolve" | "onBodyError">;
  init?: { method?: string; headers?: Record<string, string>; body?: string };
  /** stop after the first bytes of the body */
  firstOnly?: boolean;
  /** for so long the probe does nothing else once the headers are there */
  busyMs?: number;
}

/** Its outcome, one JSON line on stdout. */
export type FetchAnswer =
  | { outcome: "read"; status: number; headers: Record<string, string>; body: string }
  | { outcome: "failed"; error: string; message: string; bodyErrors: string[] };

/** In a process of its own, so that the same cases run on Node and on Windmill's Bun. */
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line) as FetchRequest)));
}

async function answer({
  url,
  options,
  init,
  firstOnly,
  busyMs = 0,
}: FetchRequest): Promise<FetchAnswer> {
  const abort = new AbortController();
  const bodyErrors: string[] = [];
  const fetch = publicFetch({
    ...options,
    onBodyError: (error, method) => bodyErrors.push(`${method} ${error.name}`),
  });
  try {
    const response = await fetch(url, { ...init, signal: abort.signal });
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, busyMs);
    const body = firstOnly ? await firstBytes(response) : await response.text();
    abort.abort();
    const headers = Object.fromEntries(response.headers.entries());
    return { outcome: "read", status: response.status, headers, body };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: "failed", error: error.name, message: error.message, bodyErrors };
  }
}

async function firstBytes(response: Response): Promise<string> {
  const { value } = (await response.body?.getReader().read()) ?? {};
  return new TextDecoder().decode(value);
}
