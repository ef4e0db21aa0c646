/** `npm run deploy [-- --check] [--env <file>]`: makes an installation, or says what differs. */

import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import { DEPLOY, readCommandLine, UsageError } from "./command_line.ts";
import { composeIngress } from "./compose.ts";
import { check, type Deployment, deploy } from "./deploy.ts";
import { DeployError } from "./deploy_error.ts";
import { isReadByOthers, openEnvFile } from "./env_file.ts";
import { NoEnvFileError, readEnvironment } from "./environment.ts";
import { nextSteps } from "./next_steps.ts";
import { InvalidSettingsError, readSettings } from "./settings.ts";
import { WindmillRefusedError, WindmillUnreachableError } from "./windmill/errors.ts";
import { wmillPush } from "./wmill.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Windmill's own first start, with its migrations, takes about a minute. */
const PATIENCE = { seconds: 180, attemptMilliseconds: 30_000 };
/** Who only looks does not wait for what is being started. */
const PATIENCE_OF_CHECK = { seconds: 5, attemptMilliseconds: 20_000 };

/** What the operator can mend: the sentence is enough. The rest is ours, and shows where it happened. */
const SPOKEN = [
  ...[DeployError, UsageError, NoEnvFileError, InvalidSettingsError],
  ...[WindmillRefusedError, WindmillUnreachableError],
];

async function main(): Promise<void> {
  const tell = (line: string) => console.log(line);
  const { wantsHelp, check: isCheck, envFile: file } = readCommandLine(DEPLOY, argv.slice(2));
  if (wantsHelp) return tell(DEPLOY.usage);
  process.chdir(ROOT);
  const read = () => {
    const env = readEnvironment(file, process.env);
    return { env, settings: readSettings(env, file) };
  };
  const deployment: Deployment = {
    ...{ read, tell, root: ROOT, secrets: openEnvFile(file) },
    ...{ wmill: wmillPush(ROOT), ingress: composeIngress(ROOT, file) },
    patience: isCheck ? PATIENCE_OF_CHECK : PATIENCE,
  };
  if (isReadByOthers(file)) tell(`note       others may read ${file}: chmod 600`);
  if (isCheck) {
    const differences = await check(deployment);
    tell(JSON.stringify({ deploy: "check", differences }));
    if (differences > 0) process.exitCode = 1;
    return;
  }
  const changed = await deploy(deployment);
  for (const line of nextSteps(read().settings)) tell(line);
  tell(JSON.stringify({ deploy: "ok", changed }));
}

main().catch((error: unknown) => {
  const isSpoken = SPOKEN.some((type) => error instanceof type);
  console.error(isSpoken && error instanceof Error ? error.message : error);
  process.exitCode = error instanceof UsageError ? 2 : 1;
  if (!(error instanceof UsageError)) console.log(JSON.stringify({ deploy: "failed" }));
});
