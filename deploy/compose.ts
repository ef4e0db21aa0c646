import { execFile } from "node:child_process";
import { resolve as resolvePath } from "node:path";
import { DeployError } from "./deploy_error.ts";

const SERVICE = "webhook-server";
const TIMEOUT_MILLISECONDS = 5 * 60_000;

/** What runs the webhook server: it reads its token when it starts. */
export interface IngressHost {
  /** False when it does not run here. */
  restart(): Promise<boolean>;
}

/** docker-compose.yml of the repository, where it has been started, with the variables of `envFile`. */
export function composeIngress(root: string, envFile: string): IngressHost {
  const compose = ["compose", "--env-file", resolvePath(root, envFile)];
  return {
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
  const { INGRESS_WINDMILL_TOKEN: _, ...env } = process.env;
  return new Promise((resolve) => {
    execFile("docker", args, { cwd: root, env, timeout: TIMEOUT_MILLISECONDS }, (error, stdout) => {
      resolve(error ?? stdout);
    });
  });
}

function lastLine(text: string): string {
  return text.trim().split("\n").at(-1) ?? "";
}
