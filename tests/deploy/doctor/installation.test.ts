import { execFile } from "node:child_process";
import { mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { clock } from "../../../deploy/doctor/checks/clock.ts";
import { credentials } from "../../../deploy/doctor/checks/credentials.ts";
import { ingress } from "../../../deploy/doctor/checks/ingress.ts";
import { ingressToken } from "../../../deploy/doctor/checks/ingress_token.ts";
import { models } from "../../../deploy/doctor/checks/models.ts";
import { objectStorage } from "../../../deploy/doctor/checks/object_storage.ts";
import { publicWebhook } from "../../../deploy/doctor/checks/public_webhook.ts";
import { serverSettings } from "../../../deploy/doctor/checks/server_settings.ts";
import { signature } from "../../../deploy/doctor/checks/signature.ts";
import { slack } from "../../../deploy/doctor/checks/slack.ts";
import { steps } from "../../../deploy/doctor/checks/steps.ts";
import { verifyToken } from "../../../deploy/doctor/checks/verify_token.ts";
import { versions } from "../../../deploy/doctor/checks/versions.ts";
import { webhookFields } from "../../../deploy/doctor/checks/webhook_fields.ts";
import { whatsAppTokens } from "../../../deploy/doctor/checks/whatsapp_tokens.ts";
import { whatsAppWebhooks } from "../../../deploy/doctor/checks/whatsapp_webhooks.ts";
import { windmill } from "../../../deploy/doctor/checks/windmill.ts";
import { workers } from "../../../deploy/doctor/checks/workers.ts";
import { workspaceValues } from "../../../deploy/doctor/checks/workspace_values.ts";
import { CHECKS } from "../../../deploy/doctor/checks.ts";
import type { Clients } from "../../../deploy/doctor/clients.ts";
import { secretsOf } from "../../../deploy/doctor/secrets.ts";
import { readSettings } from "../../../deploy/settings.ts";
import { type WindmillApi, windmillApi } from "../../../deploy/windmill/windmill_api.ts";
import { eventually } from "../../helpers/eventually.ts";
import { type DoctoredStack, found, startDoctoredStack } from "./doctored_stack.ts";

let stack: DoctoredStack;
beforeAll(async () => {
  stack = await startDoctoredStack();
});
afterAll(() => stack.close());

describe("npm run doctor", () => {
  it("finds nothing wrong with an installation that works, and shows no secret", async () => {
    const folder = await mkdtemp(join(tmpdir(), "doctor-"));
    onTestFinished(() => rm(folder, { recursive: true }));
    const tsx = join(process.cwd(), "node_modules/.bin/tsx");
    const args = [join(process.cwd(), "deploy/doctor.ts"), "--env", "none.env"];
    const options = { cwd: folder, env: { PATH: process.env.PATH, ...stack.env } };
    const examine = async () => {
      // rejects with the output, too, when the doctor fails
      const doctor = promisify(execFile)(tsx, args, options);
      const { stdout } = await doctor.catch((failure: { stdout: string }) => failure);
      const lines = stdout.trimEnd().split("\n");
      expect(lines.filter((line) => !/^(ok |\{)/.test(line))).toEqual([]);
      return { stdout, lines };
    };
    // a machine that holds the webhook server up for seconds is ill, and the doctor says so: then it is asked again
    const { stdout, lines } = await eventually(examine, { withinMs: 150_000 });
    const counts = { warnings: 0, failed: 0, skipped: 0 };
    expect(JSON.parse(lines.at(-1) ?? "")).toEqual({ doctor: "ok", ok: CHECKS.length, ...counts });
    const { accessToken, displayPhoneNumber } = stack.shop.phoneNumber;
    const secrets = [...secretsOf(readSettings(stack.env)), accessToken, displayPhoneNumber];
    expect(secrets.filter((secret) => stdout.includes(secret))).toEqual([]);
  }, 300_000);
});

describe("ingress", () => {
  it("fails where nobody listens, and the checks that need it are skipped", async () => {
    const away = { env: { INGRESS_URL: stack.nobodysUrl } };
    expect(await stack.problems(ingress, away)).toEqual([found("failed", "ECONNREFUSED")]);
    expect(await stack.problems(signature, away)).toEqual([
      found("skipped", "since ingress failed"),
    ]);
  });

  it("fails for another app secret or verify token than the ingress has", async () => {
    const META_APP_SECRET = "another secret of another app";
    expect(await stack.problems(signature, { env: { META_APP_SECRET } })).toEqual([
      found("failed", "answered 401"),
    ]);
    expect(
      await stack.problems(verifyToken, { env: { META_VERIFY_TOKEN: "another token" } }),
    ).toEqual([found("failed", "answered 403")]);
  });

  it("warns of a public address that is silent, and fails for one that leads elsewhere", async () => {
    const at = (PUBLIC_WEBHOOK_URL: string) =>
      stack.problems(publicWebhook, { env: { PUBLIC_WEBHOOK_URL } });
    expect(await at(stack.nobodysUrl)).toEqual([found("warning", "ECONNREFUSED")]);
    expect(await at(`${stack.ingressUrl}/healthz`)).toEqual([
      found("failed", "answered 200 without"),
    ]);
    expect(await at("")).toEqual([found("skipped", "PUBLIC_WEBHOOK_URL")]);
  });

  it("names the setting without which a check is skipped", async () => {
    expect(await stack.problems(signature, { env: { META_APP_SECRET: "" } })).toEqual([
      found("skipped", "META_APP_SECRET"),
    ]);
    expect(await stack.problems(ingressToken, { env: { WINDMILL_TOKEN: "" } })).toEqual([
      found("skipped", "WINDMILL_TOKEN"),
    ]);
  });
});

describe("Windmill", () => {
  it("fails for an unknown token, and where nobody listens", async () => {
    expect(await stack.problems(windmill, { env: { WINDMILL_TOKEN: "unknown" } })).toEqual([
      found("failed", "does not know WINDMILL_TOKEN"),
    ]);
    expect(await stack.problems(windmill, { env: { WINDMILL_URL: stack.nobodysUrl } })).toEqual([
      found("failed", "ECONNREFUSED"),
    ]);
  });

  it("fails for a token of the ingress that is unknown, an admin's, or may run more", async () => {
    const withToken = (INGRESS_WINDMILL_TOKEN: string) =>
      stack.problems(ingressToken, { env: { INGRESS_WINDMILL_TOKEN } });
    expect(await withToken("revoked")).toEqual([
      found("failed", "does not know INGRESS_WINDMILL_TOKEN"),
    ]);
    expect(await withToken(stack.windmill.token)).toEqual([
      found("failed", "may also read variables"),
    ]);
    const scopes = ["jobs:run:flows:f/chat/*", "jobs:run:scripts:f/operations/*"];
    const wide = await stack.api.createToken({ label: "wide", scopes, workspace_id: "chatbots" });
    expect(await withToken(wide)).toEqual([found("failed", "jobs:run:scripts:f/operations/*")]);
    const other = await stack.api.createToken({
      label: "of flows",
      scopes: scopes.slice(0, 1),
      workspace_id: "chatbots",
    });
    expect(await withToken(other)).toEqual([]);
  });

  it("tries a token out where its scopes are not listed, since another admin made it", async () => {
    const withToken = (INGRESS_WINDMILL_TOKEN: string) => {
      const ofAnotherAdmin = Object.assign(
        windmillApi(stack.api.url, stack.api.workspace, stack.windmill.token),
        {
          listTokens: async () => [],
        },
      );
      const clients = { windmill: ofAnotherAdmin };
      return stack.problems(ingressToken, { env: { INGRESS_WINDMILL_TOKEN }, clients });
    };
    expect(await withToken(stack.installation.ingressWindmillToken)).toEqual([]);
    const tokenFor = (scope: string) =>
      stack.api.createToken({ label: scope, scopes: [scope], workspace_id: stack.api.workspace });
    expect(await withToken(await tokenFor("jobs:run:flows:f/knowledge/*"))).toEqual([
      found("failed", "may not start the flows of f/chat"),
    ]);
    expect(await withToken(await tokenFor("jobs:run:scripts:f/operations/*"))).toEqual([
      found("failed", "may also run scripts"),
    ]);
  });

  it("fails when the workers of a tag are silent or gone", async () => {
    const group = stack.windmill.workerGroups.find(({ tags }) => tags.includes("documents"));
    if (!group) throw new Error("no worker takes documents");
    onTestFinished(() => {
      group.silentSeconds = 0;
    });
    group.silentSeconds = 90;
    expect(await stack.problems(workers)).toEqual([
      found("failed", "documents has been heard of for 90 s"),
    ]);
    group.silentSeconds = 400;
    expect(await stack.problems(workers)).toEqual([
      found("failed", "no worker takes the tag documents"),
    ]);
  });

  it("fails for workers of another version than the server", async () => {
    const [group] = stack.windmill.workerGroups;
    if (!group) throw new Error("there are no workers");
    const { version } = group;
    onTestFinished(() => {
      group.version = version;
    });
    group.version = "v1.700.0";
    expect(await stack.problems(versions)).toEqual([found("failed", "workers are 1.700.0")]);
  });

  it("fails when a variable is missing or the steps log in as another role", async () => {
    const path = "f/platform/embedding_model";
    const before = await stack.api.variable(path);
    await fetch(
      `${stack.windmill.baseUrl}/api/w/${stack.windmill.workspace}/variables/delete/${path}`,
      {
        method: "DELETE",
        headers: { authorization: `Bearer ${stack.windmill.token}` },
      },
    );
    onTestFinished(async () => {
      await stack.api.createVariable(path, {
        value: before?.value ?? "",
        is_secret: false,
        description: "",
      });
    });
    await stack.setResource("f/platform/postgres", { user: "postgres" });
    expect(await stack.problems(workspaceValues)).toEqual([
      found("failed", `${path} is not in Windmill`),
      found("failed", "log in to the database as postgres"),
    ]);
  });

  it("warns of a resource of another type", async () => {
    const odd = "f/platform/openai";
    const resource: WindmillApi["resource"] = async (path) => {
      const made = await stack.api.resource(path);
      return made && path === odd ? { ...made, resource_type: "theirs" } : made;
    };
    const clients = { windmill: { ...stack.api, resource } };
    expect(await stack.problems(workspaceValues, { clients })).toEqual([
      found("warning", `${odd} is of the type theirs, and not openai`),
    ]);
  });

  it("fails when a step cannot reach the database", async () => {
    await stack.setResource("f/platform/postgres", { sslmode: "require" });
    expect(await stack.problems(steps)).toEqual([found("failed", "f/operations/metrics failed: ")]);
  });

  it("fails when the object storage refuses", async () => {
    const storage = join(stack.dataDir, "windmill", "s3");
    await rename(storage, `${storage}.away`);
    await writeFile(storage, "a disk that is no folder");
    onTestFinished(async () => {
      await rm(storage);
      await rename(`${storage}.away`, storage);
    });
    expect(await stack.problems(objectStorage)).toEqual([
      found("failed", "could not write a file"),
    ]);
  });
});

describe("what the steps use", () => {
  it("fails for a key that the models' provider refuses, and warns of a model that it has not", async () => {
    await stack.setVariable("f/platform/chat_model", "gpt-unheard-of");
    expect(await stack.problems(models)).toEqual([
      found("warning", "does not list the model gpt-unheard-of"),
    ]);
    await stack.setVariable("f/platform/openai_api_key", "sk-revoked");
    expect(await stack.problems(models)).toContainEqual(found("failed", "answered 401"));
  });

  it("asks Google for its models where the default is one of Google's", async () => {
    const value = { api_key: stack.modelApiKey, base_url: stack.models.geminiUrl };
    await stack.api.createResource("f/platform/google", { value, resource_type: "google" });
    await stack.setVariable("f/platform/chat_model", "google:offline-1");
    expect(await stack.problems(models)).toEqual([]);
    await stack.api.updateResource("f/platform/google", { ...value, api_key: "revoked" });
    expect(await stack.problems(models)).toEqual([found("failed", "google answered 400")]);
  });

  it("warns of models that cannot be reached from here, since workers may reach them", async () => {
    await stack.setResource("f/platform/openai", { base_url: stack.nobodysUrl });
    expect(await stack.problems(models)).toContainEqual(
      found("warning", "cannot be reached from here"),
    );
  });

  it("fails for an address of Slack that is none, and skips an empty one", async () => {
    await stack.setVariable("f/platform/slack_webhook_url", "#alerts");
    expect(await stack.problems(slack)).toEqual([found("failed", "is no URL")]);
    await stack.setVariable(
      "f/platform/slack_webhook_url",
      "http://hooks.slack.com/services/T0/B0/x",
    );
    expect(await stack.problems(slack)).toEqual([found("failed", "is not https")]);
    await stack.setVariable("f/platform/slack_webhook_url", "https://example.com/hook");
    expect(await stack.problems(slack)).toEqual([found("warning", "does not look like")]);
    await stack.setVariable("f/platform/slack_webhook_url", "");
    expect(await stack.problems(slack)).toEqual([found("skipped", "SLACK_WEBHOOK_URL")]);
  });

  it("fails when credentials do not open with the keys, and shows no key", async () => {
    const keys = { "2": Buffer.alloc(32, 7).toString("base64") };
    await stack.setVariable("f/platform/credentials_keys", JSON.stringify({ current: "2", keys }));
    expect(await stack.problems(credentials)).toEqual([found("failed", "missing key 1")]);
    await stack.setVariable("f/platform/credentials_keys", "hunter2 is no key set");
    const [problem] = await stack.problems(credentials);
    expect(problem).toEqual(found("failed", "is not JSON"));
    expect(JSON.stringify(problem)).not.toContain("hunter2");
  });
});

describe("WhatsApp", () => {
  it("fails for a token that Meta revoked", async () => {
    const { phoneNumber } = stack.shop;
    onTestFinished(() => stack.whatsapp.registerPhoneNumber(phoneNumber));
    stack.whatsapp.registerPhoneNumber({ ...phoneNumber, accessToken: "EAAanother" });
    expect(await stack.problems(whatsAppTokens)).toEqual([
      found("failed", "Meta refuses the token"),
    ]);
  });

  it("fails for a token without a permission, and warns of one that ends soon", async () => {
    const { app } = stack.whatsapp;
    const { scopes } = app;
    onTestFinished(() => void Object.assign(app, { scopes, tokenExpiresAt: 0 }));
    app.tokenExpiresAt = Math.floor(Date.now() / 1_000) + 2.5 * 24 * 3_600;
    expect(await stack.problems(whatsAppTokens)).toEqual([found("warning", "ends in 2 days")]);
    app.scopes = ["whatsapp_business_messaging"];
    expect(await stack.problems(whatsAppTokens)).toEqual([
      found("failed", "lacks whatsapp_business_management"),
    ]);
  });

  it("fails for a business account that is not subscribed to our app", async () => {
    const { businessAccountId } = stack.shop.phoneNumber;
    const { subscribedAccounts } = stack.whatsapp.app;
    onTestFinished(() => void subscribedAccounts.add(businessAccountId));
    subscribedAccounts.delete(businessAccountId);
    expect(await stack.problems(whatsAppWebhooks)).toEqual([found("failed", "not subscribed")]);
  });

  it("fails without the field messages, and warns without the others", async () => {
    const { fields } = stack.whatsapp.app;
    onTestFinished(() => void fields.add("messages").add("user_id_update"));
    fields.delete("user_id_update");
    expect(await stack.problems(webhookFields)).toEqual([found("warning", "user_id_update")]);
    fields.delete("messages");
    expect(await stack.problems(webhookFields)).toContainEqual(
      found("failed", "nobody is answered"),
    );
  });

  it("fails for an app secret that is not the app's, and warns of another address", async () => {
    const META_APP_SECRET = "another secret of another app";
    expect(await stack.problems(webhookFields, { env: { META_APP_SECRET } })).toEqual([
      found("failed", "META_APP_SECRET is not the secret"),
    ]);
    const PUBLIC_WEBHOOK_URL = "https://bots.example.com/webhook";
    expect(await stack.problems(webhookFields, { env: { PUBLIC_WEBHOOK_URL } })).toEqual([
      found("warning", "Meta sends webhooks to"),
    ]);
    expect(await stack.problems(webhookFields, { env: { META_APP_ID: "" } })).toEqual([
      found("skipped", "META_APP_ID"),
    ]);
  });
});

describe("the machines", () => {
  it("warns when all clocks differ from ours, and when one does", async () => {
    const now = () => Date.now() - 60_000;
    expect(await stack.problems(clock, { clients: { now } })).toEqual([
      expect.objectContaining({
        state: "warning",
        repair: expect.stringContaining("this machine's"),
      }),
    ]);
    const { http } = stack.clients();
    const date = new Date(Date.now() + 3_600_000).toUTCString();
    const late: Clients["http"] = async (url, init) => ({
      ...(await http(url, init)),
      ...(url.endsWith("/api/version") && { headers: new Headers({ date }) }),
    });
    expect(await stack.problems(clock, { clients: { http: late } })).toEqual([
      expect.objectContaining({
        state: "warning",
        what: expect.stringMatching(/: Windmill is 3[56]\d\d s ahead$/),
      }),
    ]);
  });

  it("calls no clock wrong because an answer was long on its way", async () => {
    const start = Date.now();
    let asked = 0;
    // before each of three, and after each
    const now = () => (++asked <= 3 ? start : start + 40_000);
    expect(await stack.problems(clock, { clients: { now } })).toEqual([]);
  });

  it("warns of commits that a power cut undoes, of times in another zone, and of too few connections", async () => {
    const { withDatabase } = stack.clients();
    const changed: Clients["withDatabase"] = (work) =>
      withDatabase(async (db) => {
        await db.query("begin");
        await db.query("set local synchronous_commit = off");
        await db.query("set local timezone = 'Asia/Tokyo'");
        const result = await work(db);
        await db.query("rollback");
        return result;
      });
    const [group] = stack.windmill.workerGroups;
    if (!group) throw new Error("there are no workers");
    const { size } = group;
    onTestFinished(() => {
      group.size = size;
    });
    group.size = 300;
    expect(await stack.problems(serverSettings, { clients: { withDatabase: changed } })).toEqual([
      found("warning", "connections"),
      found("warning", "synchronous_commit is off"),
      found("warning", "Asia/Tokyo"),
    ]);
  });
});
