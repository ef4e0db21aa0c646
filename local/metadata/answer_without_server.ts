/**
 * Loaded before Windmill's CLI (`node --import`): answers in its process what it would ask a
 * server, so that `wmill generate-metadata` runs with the network away. The schemas come from the
 * parser inside the CLI (CLI 1.819, metadata.ts: inferSchema); a server is only asked who is
 * logged in, which scripts differ from the deployed ones, and for the lock.
 */
import { readFileSync } from "node:fs";

/** Written before the CLI starts; a worker would resolve the same from dependencies/package.json. */
const LOCK_FILE = "locks/package.json.lock";

const answers: [route: RegExp, answer: () => Response][] = [
  [
    /\/api\/users\/whoami$/,
    () => Response.json({ email: "metadata@localhost", username: "metadata" }),
  ],
  [/\/scripts\/raw_temp\/diff$/, () => Response.json([])],
  [/\/jobs\/run\/dependencies_async$/, () => new Response("lock")],
  [
    /\/jobs_u\/completed\/get_result_maybe\/lock\?/,
    () =>
      Response.json({
        completed: true,
        success: true,
        result: { lock: readFileSync(LOCK_FILE, "utf8") },
      }),
  ],
];

globalThis.fetch = async (input) => {
  const url = input instanceof Request ? input.url : String(input);
  const [, answer] = answers.find(([route]) => route.test(url)) ?? [];
  if (answer === undefined) {
    throw new Error(
      `wmill asked for ${url}, which answer_without_server.ts does not answer: add it there.`,
    );
  }
  return answer();
};
