/** `npm run deploy [-- --check] [--env <file>]`: makes an installation, or says what differs. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { composeIngress } from "./compose.ts";
import { check, type Deployment, deploy } from "./deploy.ts";
import { DeployError } from "./deploy_error.ts";
import { isReadByOthers, openEnvFile } from "./env_file.ts";
import { readEnvironment } from "./environment.ts";
import { nextSteps } from "./next_steps.ts";
import { InvalidSettingsError, readSettings } from "./settings.ts";
import { WindmillRefusedError, WindmillUnreachableError } from "./windmill_api.ts";
import { wmillPush } from "./wmill.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Windmill's own first start, with its migrations, takes about a minute. */
const PATIENCE_SECONDS = 180;

/** What the operator can mend: the sentence is enough. The rest is ours, and shows where it happened. */
const SPOKEN = [DeployError, InvalidSettingsError, WindmillRefusedError, WindmillUnreachableError];

async function main(): Promise<void> {
  // not --env-file, which Node 20 takes for its own wherever it stands
  const { values } = parseArgs({
    options: { check: { type: "boolean", default: false }, env: { type: "string" } },
  });
  const tell = (line: string) => console.log(line);
  const file = values.env ? resolve(values.env) : defaultEnvFile();
  process.chdir(ROOT);
  const read = () => {
    const env = readEnvironment(file, process.env);
    return { env, settings: readSettings(env) };
  };
  const deployment: Deployment = {
    ...{ read, tell, root: ROOT, secrets: openEnvFile(file) },
    ...{ wmill: wmillPush(ROOT), ingress: composeIngress(ROOT), patienceSeconds: PATIENCE_SECONDS },
  };
  if (isReadByOthers(file)) tell(`note       others may read ${file}: chmod 600`);
  if (values.check) {
    const differences = await check(deployment);
    tell(JSON.stringify({ deploy: "check", differences }));
    if (differences > 0) process.exitCode = 1;
    return;
  }
  const changed = await deploy(deployment);
  for (const line of nextSteps(read().settings)) tell(line);
  tell(JSON.stringify({ deploy: "ok", changed }));
}

/** Without .env, what is made on the way is kept beside the other state of this machine. */
function defaultEnvFile(): string {
  const file = join(ROOT, ".env");
  return existsSync(file) ? file : join(ROOT, ".local", "deploy.env");
}

main().catch((error: unknown) => {
  const isSpoken = SPOKEN.some((type) => error instanceof type);
  console.error(isSpoken && error instanceof Error ? error.message : error);
  console.log(JSON.stringify({ deploy: "failed" }));
  process.exitCode = 1;
});
