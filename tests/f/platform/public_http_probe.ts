import { createInterface } from "node:readline";
import { type GetOptions, getPublicUrl } from "../../../f/platform/public_http.ts";

/** A request of the test, one JSON line on stdin. */
export interface ProbeRequest {
  url: string;
  options: Omit<GetOptions, "resolve" | "accept">;
  /** what each resolution of a name answers, one after the other; other names are asked of the system */
  names?: Record<string, string[][]>;
}

/** Its outcome, one JSON line on stdout. */
export type ProbeAnswer = { resolutions: number } & (
  | { outcome: "read"; url: string; contentType: string; charset?: string; body: string }
  | { outcome: "failed"; error: string; message: string }
);

/** The guarded client in a process of its own, so that the same cases run on Node and on Windmill's Bun. */
for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line) as ProbeRequest)));
}

async function answer({ url, options, names }: ProbeRequest): Promise<ProbeAnswer> {
  let resolutions = 0;
  const resolve = async (name: string) => {
    const answers = names?.[name] ?? [];
    return answers[Math.min(resolutions++, answers.length - 1)] ?? [];
  };
  try {
    const response = await getPublicUrl(url, {
      accept: "text/html",
      ...options,
      ...(names ? { resolve } : {}),
    });
    return { outcome: "read", resolutions, ...response, body: response.body.toString() };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { outcome: "failed", resolutions, error: error.name, message: error.message };
  }
}
