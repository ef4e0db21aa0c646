import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { composeIngress } from "../../deploy/compose.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "docker-"));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** A `docker` on the PATH that knows these services, and which containers of one run with which tokens; what it was asked is in the file `asked`. */
function installDocker(services: string[], statusOfUp = 0, tokens: string[] = []): void {
  const environments = tokens.map((token) =>
    JSON.stringify(["PATH=/bin", `INGRESS_WINDMILL_TOKEN=${token}`, "LOG_LEVEL=info"]),
  );
  const script = `#!/bin/sh
echo "$@" >> "${join(folder, "asked")}"
case "$*" in
  *" --quiet "*) printf '%s\\n' ${tokens.map((_, index) => `id-${index}`).join(" ")} ;;
  inspect*) printf '%s\\n' ${environments.map((line) => `'${line}'`).join(" ")} ;;
  *" ps "*) printf '%s\\n' ${services.join(" ")} ;;
  *" up "*) echo "token: $INGRESS_WINDMILL_TOKEN" >> "${join(folder, "asked")}"
    echo "no such image" >&2; exit ${statusOfUp} ;;
esac
`;
  writeFileSync(join(folder, "docker"), script);
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");

it("starts the webhook server anew where compose has it", async () => {
  installDocker(["postgres", "webhook-server"]);
  // an older one, exported in the shell, must not win over the file's
  vi.stubEnv("INGRESS_WINDMILL_TOKEN", "old");
  expect(await composeIngress(folder, ".env").restart()).toBe(true);
  expect(asked()).toEqual([
    `compose --env-file ${join(folder, ".env")} ps --all --services`,
    `compose --env-file ${join(folder, ".env")} up -d --no-deps webhook-server`,
    "token:",
  ]);
});

it("leaves a compose alone that has none", async () => {
  installDocker(["postgres"]);
  expect(await composeIngress(folder, ".env").restart()).toBe(false);
  expect(asked()).toHaveLength(1);
});

it("does not pass over a start that fails", async () => {
  installDocker(["webhook-server"], 1);
  await expect(composeIngress(folder, ".env").restart()).rejects.toMatchObject({
    name: "DeployError",
    message: expect.stringContaining("no such image"),
  });
});

it("says so where there is no docker", async () => {
  vi.stubEnv("PATH", folder);
  expect(await composeIngress(folder, ".env").restart()).toBe(false);
});

it.each([
  [["ours"], true],
  [["old"], false],
  [["ours", "old"], false],
  [["ours2"], false],
  [[], undefined],
])(
  "knows of webhook servers with the tokens %j whether all have ours: %s",
  async (tokens, known) => {
    installDocker(["webhook-server"], 0, tokens);
    expect(await composeIngress(folder, ".env").hasToken("ours")).toBe(known);
  },
);

it("knows nothing of a webhook server where there is no docker", async () => {
  vi.stubEnv("PATH", folder);
  expect(await composeIngress(folder, ".env").hasToken("ours")).toBeUndefined();
});
