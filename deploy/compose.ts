import { execFile } from "node:child_process";
import { resolve as resolvePath } from "node:path";
import { DeployError } from "./deploy_error.ts";

const SERVICE = "webhook-server";
const TOKEN = "INGRESS_WINDMILL_TOKEN";
const TIMEOUT_MILLISECONDS = 5 * 60_000;

/** What runs the webhook server: it reads its token when it starts. */
export interface IngressHost {
  /** Whether it was started with this token; undefined when it does not run here. */
  hasToken(token: string): Promise<boolean | undefined>;
  /** False when it does not run here. */
  restart(): Promise<boolean>;
}

/** docker-compose.yml of the repository, where it has been started, with the variables of `envFile`. */
export function composeIngress(root: string, envFile: string): IngressHost {
  const compose = ["compose", "--env-file", resolvePath(root, envFile)];
  return {
    hasToken: async (token) => {
      const found = await docker(root, [...compose, "ps", "--all", "--quiet", SERVICE]);
      const containers = found instanceof Error ? [] : found.split("\n").filter(Boolean);
      if (containers.length === 0) return undefined;
      const format = ["--format", "{{json .Config.Env}}"];
      const environments = await docker(root, ["inspect", ...format, ...containers]);
      // one that cannot be told is started anew, which does no harm
      if (environments instanceof Error) return false;
      const line = JSON.stringify(`${TOKEN}=${token}`);
      return environments
        .trim()
        .split("\n")
        .every((environment) => environment.includes(line));
    },
    restart: async () => {
      const known = await docker(root, [...compose, "ps", "--all", "--services"]);
      if (known instanceof Error || !known.split("\n").includes(SERVICE)) return false;
      // it replaces the container; its dependencies are left as they are
      const done = await docker(root, [...compose, "up", "-d", "--no-deps", SERVICE]);
      if (done instanceof Error) {
        throw new DeployError(
          `${SERVICE} has a new token and could not be started with it: run docker compose up -d ${SERVICE}, and deploy again. ${lastLine(done.message)}`,
          { cause: done },
        );
      }
      return true;
    },
  };
}

/** What it printed. The environment's token would win over the file's new one. */
function docker(root: string, args: string[]): Promise<string | Error> {
  const { [TOKEN]: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile("docker", args, { cwd: root, env, timeout: TIMEOUT_MILLISECONDS }, (error, stdout) => {
      resolve(error ?? stdout);
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
