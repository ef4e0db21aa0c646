/** `npm run chaos -- --messages N --contacts C --seed S`: everything breaks, and nobody may notice. */

import { parseArgs } from "node:util";
import { runChaos } from "./chaos/run_chaos.ts";

const { values } = parseArgs({
  options: {
    messages: { type: "string", default: "2000" },
    contacts: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
  },
});

const serverUrl = process.env.TEST_DATABASE_URL;
if (serverUrl === undefined || process.platform !== "linux") {
  console.error(
    "Set TEST_DATABASE_URL to a superuser's URL of a PostgreSQL 15 or later with pgvector, and run this on Linux: " +
      "what is killed is found in /proc.",
  );
  process.exit(1);
}

const messages = Number(values.messages);
const options = { messages, contacts: Number(values.contacts), seed: Number(values.seed) };
const { problems, damage, alerts, turns, unheard_attempts, seconds, ...broken } = await runChaos(
  options,
  serverUrl,
);
for (const problem of problems) console.log(problem);
console.log(JSON.stringify({ turns, unheard_attempts, ...damage, alerts }, null, 2));
const isOk = Object.values(broken).every((count) => count === 0);
console.log(
  JSON.stringify({
    chaos: isOk ? "ok" : "broken",
    messages,
    ...broken,
    jobs_killed: damage.jobsKilled,
    seconds,
  }),
);
process.exitCode = isOk ? 0 : 1;
