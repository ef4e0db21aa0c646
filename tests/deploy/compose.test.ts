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

/** A `docker` on the PATH that knows these services; what it was asked is in the file `asked`. */
function installDocker(services: string[]): void {
  const script = `#!/bin/sh
echo "$@" >> "${join(folder, "asked")}"
case "$*" in *" ps "*) printf '%s\\n' ${services.join(" ")} ;; esac
`;
  writeFileSync(join(folder, "docker"), script);
  chmodSync(join(folder, "docker"), 0o755);
  vi.stubEnv("PATH", `${folder}${delimiter}${process.env.PATH}`);
}

const asked = () => readFileSync(join(folder, "asked"), "utf8").trim().split("\n");

it("starts the webhook server anew where compose has it", async () => {
  installDocker(["postgres", "webhook-server"]);
  expect(await composeIngress(folder).restart()).toBe(true);
  expect(asked()).toEqual([
    "compose ps --all --services",
    "compose up -d --no-deps webhook-server",
  ]);
});

it("leaves a compose alone that has none", async () => {
  installDocker(["postgres"]);
  expect(await composeIngress(folder).restart()).toBe(false);
  expect(asked()).toEqual(["compose ps --all --services"]);
});

it("says so where there is no docker", async () => {
  vi.stubEnv("PATH", folder);
  expect(await composeIngress(folder).restart()).toBe(false);
});
