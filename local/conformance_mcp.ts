/** `npm run conformance:mcp`: the MCP project's scenarios for clients, against our client on Windmill's Bun. */

import { execFile } from "node:child_process";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { resolveBunBinary } from "./windmill/bun_binary.ts";

const run = promisify(execFile);
const bun = resolveBunBinary();
/** It needs globSync, which Node 20 does not have: it runs on Bun too. */
const CONFORMANCE = createRequire(import.meta.url).resolve(
  "@modelcontextprotocol/conformance/dist/index.js",
);
const CLIENT = `${bun} ${fileURLToPath(new URL("mcp/conformance_client.ts", import.meta.url))}`;

/** Scenarios for what our client does not do, by the beginning of their names, and why it does not. */
const NOT_APPLICABLE = [
  ["auth/", "servers are given the headers of the integration; there is no OAuth"],
  [
    "elicitation-",
    "nobody is there to be asked while a reply is made: the capability is not offered",
  ],
] as const;

let passed = 0;
let failed = 0;
for (const scenario of await clientScenarios()) {
  const excuse = NOT_APPLICABLE.find(([beginning]) => scenario.startsWith(beginning));
  if (excuse) {
    console.log(`not applicable  ${scenario}: ${excuse[1]}`);
    continue;
  }
  const outcome = await runScenario(scenario);
  passed += outcome.passed;
  failed += outcome.failed;
  console.log(`${outcome.failed === 0 ? "passed" : "FAILED"}  ${scenario}: ${outcome.report}`);
}
const isOk = failed === 0 && passed > 0;
console.log(JSON.stringify({ mcp_conformance: isOk ? "ok" : "failed", passed, failed }));
process.exitCode = isOk ? 0 : 1;

async function clientScenarios(): Promise<string[]> {
  const { stdout } = await run(bun, [CONFORMANCE, "list"]);
  const clients = stdout.slice(stdout.indexOf("Client scenarios"));
  return [...clients.matchAll(/^ {2}- (\S+)/gm)].map(([, name = ""]) => name);
}

/** Counts checks. A scenario in which nothing was checked has failed: the suite calls that passed. */
async function runScenario(scenario: string) {
  const report = await reportOf(["client", "--command", CLIENT, "--scenario", scenario]);
  const [, checksPassed, checksFailed] =
    /Passed: (\d+)\/\d+, (\d+) failed/.exec(report)?.map(Number) ?? [];
  if (!checksPassed && !checksFailed) return { passed: 0, failed: 1, report };
  const counts = { passed: checksPassed ?? 0, failed: checksFailed ?? 0 };
  return { ...counts, report: counts.failed === 0 ? `${counts.passed} checks` : report };
}

/** What the suite prints, also when it ends with an error because a check failed. */
async function reportOf(args: string[]): Promise<string> {
  try {
    const { stdout, stderr } = await run(bun, [CONFORMANCE, ...args], { timeout: 60_000 });
    return `${stdout}\n${stderr}`;
  } catch (error) {
    if (error instanceof Error && "stdout" in error && "stderr" in error) {
      return `${error.stdout}\n${error.stderr}`;
    }
    throw error;
  }
}
