import express from "express";
import { expect, onTestFinished } from "vitest";
import type { Check } from "../../../deploy/doctor/check.ts";
import { type Clients, makeClients } from "../../../deploy/doctor/clients.ts";
import type { Finding } from "../../../deploy/doctor/finding.ts";
import { runChecks } from "../../../deploy/doctor/run_checks.ts";
import { readSettings } from "../../../deploy/settings.ts";
import { type WindmillApi, windmillApi } from "../../../deploy/windmill/windmill_api.ts";
import { listen } from "../../../local/listen.ts";
import { startTestStack, type TestStack } from "../../helpers/test_stack.ts";

interface Situation {
  /** Over what .env says. */
  env?: Record<string, string>;
  clients?: Partial<Clients>;
}

export interface DoctoredStack extends TestStack {
  api: WindmillApi;
  /** As the .env of this installation would be. */
  env: Record<string, string>;
  /** Somebody listened there and has gone. */
  nobodysUrl: string;
  clients(): Clients;
  /** What a check finds that is not well. */
  problems(check: Check, situation?: Situation): Promise<Finding[]>;
  /** Changes a variable of the workspace until the test ends. */
  setVariable(path: string, value: string): Promise<void>;
  /** Changes fields of a resource until the test ends. */
  setResource(path: string, change: Record<string, unknown>): Promise<void>;
}

/** The whole platform, and its operator's settings. */
export async function startDoctoredStack(): Promise<DoctoredStack> {
  const gone = await listen(express(), 0);
  await gone.close();
  const stack = await startTestStack();
  await commitDurably(stack);
  const env = environmentOf(stack);
  const { baseUrl, workspace, token } = stack.windmill;
  const api = windmillApi(baseUrl, workspace, token);
  return {
    ...stack,
    ...{ api, env, nobodysUrl: gone.url, clients: () => makeClients(readSettings(env)) },
    async problems(check, situation = {}) {
      const settings = readSettings({ ...env, ...situation.env });
      const clients = { ...makeClients(settings), ...situation.clients };
      const findings = await runChecks([check], clients, settings);
      return findings.filter(({ state }) => state !== "ok");
    },
    async setVariable(path, value) {
      const before = (await api.variable(path))?.value ?? "";
      onTestFinished(async () => {
        await api.updateVariable(path, { value: before });
      });
      await api.updateVariable(path, { value });
    },
    async setResource(path, change) {
      const before = (await api.resource(path))?.value;
      onTestFinished(async () => {
        await api.updateResource(path, before);
      });
      await api.updateResource(path, { ...Object(before), ...change });
    },
  };
}

function environmentOf({ databaseUrl, windmill, ingressUrl, whatsapp, installation }: TestStack) {
  return {
    DATABASE_URL: databaseUrl,
    WINDMILL_URL: windmill.baseUrl,
    WINDMILL_TOKEN: windmill.token,
    INGRESS_WINDMILL_TOKEN: installation.ingressWindmillToken,
    INGRESS_URL: ingressUrl,
    META_APP_ID: whatsapp.app.id,
    META_APP_SECRET: installation.metaAppSecret,
    META_VERIFY_TOKEN: installation.metaVerifyToken,
    PUBLIC_WEBHOOK_URL: `${ingressUrl}/webhook`,
  };
}

/** A test server may be set to be fast, and not to be safe. */
async function commitDurably({ admin }: TestStack): Promise<void> {
  const [{ name } = { name: "" }] = await admin.query<{ name: string }>(
    "select quote_ident(current_database()) as name",
  );
  await admin.query(`alter database ${name} set synchronous_commit = on`);
}

/** A finding that says `what`, and how to mend it. */
export const found = (state: Finding["state"], what: string) =>
  expect.objectContaining({
    state,
    what: expect.stringContaining(what),
    repair: expect.stringMatching(/.{10}/),
  });
