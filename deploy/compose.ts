import { execFile } from "node:child_process";

const SERVICE = "webhook-server";
const TIMEOUT_MILLISECONDS = 5 * 60_000;

/** What runs the webhook server: it reads its token when it starts. */
export interface IngressHost {
  /** False when it does not run here. */
  restart(): Promise<boolean>;
}

/** docker-compose.yml of the repository, where it has been started. */
export function composeIngress(root: string): IngressHost {
  return {
    restart: async () => {
      const known = await docker(root, ["compose", "ps", "--all", "--services"]);
      if (!known?.split("\n").includes(SERVICE)) return false;
      // it reads .env anew and replaces the container; its dependencies are left as they are
      const done = await docker(root, ["compose", "up", "-d", "--no-deps", SERVICE]);
      return done !== undefined;
    },
  };
}

/** What it printed; undefined when it failed or there is no docker. */
function docker(root: string, args: string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    execFile("docker", args, { cwd: root, timeout: TIMEOUT_MILLISECONDS }, (error, stdout) => {
      resolve(error === null ? stdout : undefined);
    });
  });
}
