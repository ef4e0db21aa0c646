import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { IngressHost } from "../../deploy/compose.ts";
import { check, type Deployment, deploy } from "../../deploy/deploy.ts";
import { openEnvFile } from "../../deploy/env_file.ts";
import { readEnvironment } from "../../deploy/environment.ts";
import { readSettings } from "../../deploy/settings.ts";
import { type WindmillApi, windmillApi } from "../../deploy/windmill/windmill_api.ts";
import type { ScriptPush } from "../../deploy/wmill.ts";
import type { WindmillOptions } from "../../local/windmill/start_windmill.ts";
import type { TestDatabase } from "../helpers/database.ts";
import { startTestWindmill, type TestWindmill } from "../helpers/local_windmill.ts";

/** As much of the checkout as deploying has kinds of files: a push of all of it takes 8 s. */
const PARTS = [
  ...["wmill.yaml", "dependencies", "locks", "f/tools"],
  ...["f/chat/folder.meta.yaml", "f/chat/whatsapp_webhook_processor__flow"],
  ...["f/operations/folder.meta.yaml", "f/operations/recover_turns.schedule.yaml"],
];

/** A part of the checkout in a folder of its own. */
export function smallCheckout(): string {
  const root = mkdtempSync(join(tmpdir(), "checkout-"));
  for (const part of PARTS) cpSync(part, join(root, part), { recursive: true });
  return root;
}

export interface TestInstallation {
  windmill: TestWindmill;
  root: string;
  /** The file that stands for .env. */
  envFile: string;
  /** What the last deployment told. */
  told: string[];
  api(token: string): WindmillApi;
  variable(name: string): string | undefined;
  /** Deploys with the env file as it is now. */
  deploy(overrides?: Partial<Deployment>): Promise<number>;
  check(): Promise<number>;
  remove(): Promise<void>;
}

/** Every script is deployed already. */
export const NOTHING_TO_PUSH: ScriptPush = {
  pending: async () => [],
  push: async () => undefined,
};

/** The webhook server runs somewhere else. */
const NO_INGRESS: IngressHost = {
  hasToken: async () => undefined,
  restart: async () => false,
};

/** A local Windmill and an env file, over a database that is there and keeps its roles' passwords. */
export async function startInstallation(
  database: TestDatabase,
  options: Partial<WindmillOptions> = {},
): Promise<TestInstallation> {
  const root = smallCheckout();
  const windmill = await startTestWindmill({ repositoryRoot: root, schedules: false, ...options });
  const envFile = join(root, ".env");
  writeFileSync(envFile, "# mine\n", { mode: 0o600 });
  setVariables(envFile, {
    DATABASE_URL: database.url,
    CHATBOT_APP_PASSWORD: database.resource("chatbot_app").password,
    WINDMILL_URL: windmill.baseUrl,
  });
  const told: string[] = [];
  const deployment = (overrides: Partial<Deployment> = {}): Deployment => {
    const read = () => {
      const kept = { CREDENTIALS_KEYS_FILE: join(root, "keys.json") };
      const env = { ...kept, ...readEnvironment(envFile, {}) };
      return { env, settings: readSettings(env) };
    };
    told.length = 0;
    return {
      ...{ read, root, secrets: openEnvFile(envFile) },
      ...{ wmill: NOTHING_TO_PUSH, ingress: NO_INGRESS },
      ...{ tell: (line: string) => told.push(line) },
      patience: { seconds: 0, attemptMilliseconds: 30_000 },
      ...overrides,
    };
  };
  return {
    ...{ windmill, root, envFile, told },
    api: (token) => windmillApi(windmill.baseUrl, windmill.workspace, token),
    variable: (name) => readEnvironment(envFile, {})[name],
    deploy: (overrides) => deploy(deployment(overrides)),
    check: () => check(deployment()),
    remove: async () => {
      await windmill.remove();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Adds variables to an env file, over those that stand there. */
export function setVariables(file: string, variables: Record<string, string>): void {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(file, text + lines.join(""));
}
