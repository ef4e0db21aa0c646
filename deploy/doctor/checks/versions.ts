import { readFileSync } from "node:fs";
import { z } from "zod";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { windmill } from "./windmill.ts";

const manifest = z.object({ devDependencies: z.object({ "windmill-cli": z.string() }) });

/** Windmill's server, its workers and the CLI that deploys to them are of one version. */
export const versions: Check = {
  name: "versions",
  needs: [windmill],
  async run({ windmill: api }) {
    const server = numberOf(await api.version());
    const cli = pinnedCli();
    const others = new Set((await api.workers()).map((worker) => numberOf(worker.wm_version)));
    others.delete(server);
    const problems: Verdict[] = [];
    if (server !== cli) {
      problems.push(
        warning(
          `Windmill is ${server}, and package.json deploys with windmill-cli ${cli}`,
          `Give docker-compose.yml the image ${cli}, or package.json the CLI ${server}, and run npm ci and npm run deploy.`,
        ),
      );
    }
    if (others.size > 0) {
      problems.push(
        failed(
          `the server is ${server}, and workers are ${[...others].join(", ")}`,
          "docker compose up -d: the server and its workers must be of one version.",
        ),
      );
    }
    return problems.length > 0 ? problems : [ok(`Windmill, its workers and the CLI are ${server}`)];
  },
};

/** "CE v1.819.0", "v1.819.0-3-gabc" */
function numberOf(version: string): string {
  return /\d+\.\d+\.\d+/.exec(version)?.[0] ?? version;
}

function pinnedCli(): string {
  const path = new URL("../../../package.json", import.meta.url);
  return manifest.parse(JSON.parse(readFileSync(path, "utf8"))).devDependencies["windmill-cli"];
}
