import { readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { credentials } from "../../deploy/doctor/checks/credentials.ts";
import { database as reachable } from "../../deploy/doctor/checks/database.ts";
import { ingressToken } from "../../deploy/doctor/checks/ingress_token.ts";
import { objectStorage } from "../../deploy/doctor/checks/object_storage.ts";
import { roles } from "../../deploy/doctor/checks/roles.ts";
import { workers } from "../../deploy/doctor/checks/workers.ts";
import { workspaceValues } from "../../deploy/doctor/checks/workspace_values.ts";
import { makeClients } from "../../deploy/doctor/clients.ts";
import { runChecks } from "../../deploy/doctor/run_checks.ts";
import { readEnvironment } from "../../deploy/environment.ts";
import { readSettings } from "../../deploy/settings.ts";
import { wmillPush } from "../../deploy/wmill.ts";
import { createTestDatabase, type TestDatabase } from "../helpers/database.ts";
import { setVariables, startInstallation, type TestInstallation } from "./installation.ts";

const ADMIN = "admin@windmill.dev";
const FLOW = "f/chat/whatsapp_webhook_processor";
const KEYS = "f/platform/credentials_keys";
const CHAT_MODEL = "f/platform/chat_model";

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.close());

describe("a new Windmill", () => {
  let installation: TestInstallation;
  beforeAll(async () => {
    installation = await startInstallation(database, { isNew: true });
    setVariables(installation.envFile, {
      OPENAI_API_KEY: "sk-of-the-test",
      S3_ACCESS_KEY: "access-key",
      S3_SECRET_KEY: "secret-of-s3",
    });
  });
  afterAll(() => installation.remove());

  it("lacks everything, says a check, which changes nothing", async () => {
    const before = readFileSync(installation.envFile, "utf8");
    expect(await installation.check()).toBeGreaterThan(10);
    expect(installation.told).toContain("missing    workspace chatbots");
    expect(readFileSync(installation.envFile, "utf8")).toBe(before);
    expect(await installation.windmill.api("GET", "folders/listnames")).toMatchObject({
      status: 401,
    });
  });

  it("is a working installation after one deployment, and the second changes nothing", async () => {
    const wmill = wmillPush(installation.root);
    const ingress = ingressOf(installation);
    expect(await installation.deploy({ wmill, ingress })).toBeGreaterThan(10);
    expect(installation.told).toContain(`created    variable ${KEYS}`);
    expect(installation.told).toContain("restarted  webhook-server, with its new token");

    await addSchedule(installation, "f/operations/by_hand");
    expect(await installation.deploy({ wmill, ingress })).toBe(0);
    expect(installation.told.filter((line) => !line.startsWith("unchanged"))).toEqual([]);
    expect(ingress.restarts).toBe(1);
  });

  it("has what the steps read, and the object storage", async () => {
    const api = installation.api(installation.variable("WINDMILL_TOKEN") ?? "");
    expect(await api.variable("f/platform/openai_api_key")).toMatchObject({
      ...{ value: "sk-of-the-test", is_secret: true },
    });
    // the file that `db/manage_db.sh seed` seals with
    const keys = readFileSync(join(installation.root, "keys.json"), "utf8");
    expect(await api.variable(KEYS)).toMatchObject({ value: keys, is_secret: true });
    expect((await api.resource("f/platform/postgres"))?.value).toMatchObject({
      ...{ user: "chatbot_app", password: "$var:f/platform/postgres_password" },
    });
    expect((await api.workspaceSettings()).large_file_storage).toMatchObject({
      s3_resource_path: "$res:f/platform/object_storage",
    });
    expect(await api.schedule("f/operations/recover_turns")).toEqual({ enabled: true });
    expect(await api.schedule("f/operations/by_hand")).toEqual({ enabled: false }); // not ours
    expect(await api.flowExists(FLOW)).toBe(true);
  });

  it("is well to the doctor, as far as it has been deployed", async () => {
    const settings = readSettings(readEnvironment(installation.envFile, {}));
    const checks = [
      reachable,
      roles,
      ingressToken,
      workers,
      workspaceValues,
      credentials,
      objectStorage,
    ];
    const findings = await runChecks(checks, makeClients(settings), settings);
    expect(findings.filter(({ state }) => state !== "ok")).toEqual([]);
    expect(findings).toHaveLength(checks.length);
  });

  it("can no longer be opened with the password that everybody knows", async () => {
    const anonymous = installation.api("");
    const password = installation.variable("WINDMILL_ADMIN_PASSWORD") ?? "";
    await expect(anonymous.login(ADMIN, "changeme")).rejects.toThrow("Invalid login");
    expect(await anonymous.login(ADMIN, password)).toMatch(/^\w+$/); // control
  });

  it("gives the ingress a token that starts the flows of f/chat and does nothing else", async () => {
    const token = installation.api(installation.variable("INGRESS_WINDMILL_TOKEN") ?? "");
    expect(await token.startJob("f", FLOW, { webhook_event_id: 1 })).toMatch(/^[0-9a-f-]{36}$/);
    const denied = "Access denied. Required scope";
    await expect(token.startJob("p", "f/tools/time_in_zone", {})).rejects.toThrow(denied);
    await expect(token.startJob("f", "f/operations/any", {})).rejects.toThrow(denied);
    await expect(token.variable("f/platform/openai_api_key")).rejects.toThrow(denied);
    await expect(token.createToken({ label: "more" })).rejects.toThrow("401");
  });

  it("is told of without any secret", async () => {
    await installation.deploy();
    const names = ["WINDMILL_TOKEN", "WINDMILL_ADMIN_PASSWORD", "INGRESS_WINDMILL_TOKEN"];
    const secrets = [...names.map((name) => installation.variable(name)), "sk-of-the-test"];
    for (const secret of secrets) {
      expect(secret).toBeTruthy();
      expect(installation.told.join("\n")).not.toContain(secret);
    }
    expect(statSync(installation.envFile).mode & 0o777).toBe(0o600);
    expect(readFileSync(installation.envFile, "utf8")).toMatch(/^# mine\nDATABASE_URL=/);
  });
});

describe("a Windmill that is set up", () => {
  let installation: TestInstallation;
  const admin = () => installation.api(installation.windmill.token);
  beforeEach(async () => {
    installation = await startInstallation(database);
    setVariables(installation.envFile, { WINDMILL_TOKEN: installation.windmill.token });
    await installation.deploy();
  });
  afterEach(() => installation.remove());

  it("gets back what was edited there by hand, where the settings name it", async () => {
    setVariables(installation.envFile, { CHAT_MODEL: "ours", OPENAI_BASE_URL: "http://ours/v1" });
    await installation.deploy();
    await admin().updateVariable(CHAT_MODEL, { value: "theirs" });
    const openai = (await admin().resource("f/platform/openai"))?.value;
    const edited = { ...Object(openai), base_url: "http://theirs/v1", organization: "theirs" };
    await admin().updateResource("f/platform/openai", edited);

    expect(await installation.check()).toBe(2);
    expect(installation.told).toContain("differs    resource f/platform/openai: base_url");
    expect(await installation.deploy()).toBe(2);
    expect((await admin().variable(CHAT_MODEL))?.value).toBe("ours");
    expect((await admin().resource("f/platform/openai"))?.value).toMatchObject({
      ...{ base_url: "http://ours/v1", organization: "theirs" },
    });
  });

  it("keeps what was edited there, where the settings say nothing", async () => {
    await admin().updateVariable(CHAT_MODEL, { value: "theirs" });
    const openai = { path: "f/platform/openai", value: {}, resource_type: "theirs" };
    await installation.windmill.api("POST", "resources/create?update_if_exists=true", openai);
    expect(await installation.deploy()).toBe(0);
    expect((await admin().variable(CHAT_MODEL))?.value).toBe("theirs");
    expect(installation.told.join("\n")).toContain(
      "resource f/platform/openai: is of the type theirs, and not openai",
    );
  });

  it("keeps an object storage that is not ours, whose files would be out of reach", async () => {
    setVariables(installation.envFile, { S3_ACCESS_KEY: "a", S3_SECRET_KEY: "b" });
    for (const [type = "", path = ""] of [
      ["AzureBlobStorage", "azure_blob_resource_path"],
      ["S3Storage", "s3_resource_path"],
    ]) {
      await installation.windmill.api("POST", "workspaces/edit_large_file_storage_config", {
        large_file_storage: { type, [path]: "$res:u/admin/theirs" },
      });
      await expect(installation.deploy()).rejects.toThrow(
        /^The workspace's object storage in Windmill is \S*(Azure|theirs)\S*\. Take it out there/,
      );
      expect((await admin().workspaceSettings()).large_file_storage).toMatchObject({
        type,
      });
    }
  });

  it("never loses the keys of its credentials", async () => {
    const other = JSON.stringify({
      current: "1",
      keys: { "1": Buffer.alloc(32, 7).toString("base64") },
    });
    const kept = (await admin().variable(KEYS))?.value;
    setVariables(installation.envFile, { CREDENTIALS_KEYS: other });
    expect(await installation.deploy()).toBe(0);
    expect((await admin().variable(KEYS))?.value).toBe(kept);
    expect(installation.told.join("\n")).toContain("has not the key of CREDENTIALS_KEYS here");
  });

  it.each([
    ["is gone", async () => "no-such-token"],
    [
      "is of other flows",
      async () => admin().createToken({ label: "other", scopes: ["jobs:run:flows:f/other/*"] }),
    ],
  ])("replaces an ingress token that %s", async (_, make) => {
    const wrong = await make();
    const text = readFileSync(installation.envFile, "utf8");
    const replaced = text.replace(/(INGRESS_WINDMILL_TOKEN)=.*/, `$1=${wrong}`);
    writeFileSync(installation.envFile, replaced.trimEnd());
    expect(await installation.deploy()).toBe(1);
    expect(installation.variable("INGRESS_WINDMILL_TOKEN")).not.toBe(wrong);
    expect(await installation.deploy()).toBe(0);
  });

  it("revokes an ingress token that may do everything, but never the one that deploys", async () => {
    const strong = await admin().createToken({ label: "strong" });
    setVariables(installation.envFile, { INGRESS_WINDMILL_TOKEN: strong });
    await installation.deploy();
    expect(installation.told.join("\n")).toContain("may do more than start flows, and is revoked;");
    expect(installation.variable("INGRESS_WINDMILL_TOKEN")).not.toBe(strong);
    await expect(installation.api(strong).whoAmI()).rejects.toThrow("401");

    const own = installation.variable("WINDMILL_TOKEN") ?? "";
    setVariables(installation.envFile, { INGRESS_WINDMILL_TOKEN: own });
    await installation.deploy();
    expect(installation.told.join("\n")).toContain("stays so until it is deleted in Windmill;");
    expect(await installation.api(own).whoAmI()).toMatchObject({ email: ADMIN });
  });

  it("starts the ingress with its token, where a deployment died before it had", async () => {
    const ingress = ingressOf(installation);
    ingress.token = "the one before";
    expect(await installation.deploy({ ingress })).toBe(1);
    expect(installation.told).toContain("changed    webhook-server: ran with another token");
    expect(ingress.token).toBe(installation.variable("INGRESS_WINDMILL_TOKEN"));
    expect(await installation.deploy({ ingress })).toBe(0);
  });

  it("is brought to the end by the next deployment when one dies on the way", async () => {
    setVariables(installation.envFile, { CHAT_MODEL: "ours", INGRESS_WINDMILL_TOKEN: "gone" });
    const dies = async () => {
      throw new Error("killed");
    };
    const wmill = { pending: async () => ["f/chat/a.ts"], push: dies };
    await expect(installation.deploy({ wmill })).rejects.toThrow("killed");
    expect(installation.told).toContain(`changed    variable ${CHAT_MODEL}`);
    expect(await installation.deploy()).toBe(1); // the token
    expect(await installation.deploy()).toBe(0);
  });

  it("is changed once by two deployments at once", async () => {
    setVariables(installation.envFile, { SLACK_WEBHOOK_URL: "https://slack.invalid/hook" });
    await Promise.all([installation.deploy(), installation.deploy()]);
    expect(await installation.deploy()).toBe(0);
  });
});

describe("a deployment stops with a sentence, and nothing changed, when", () => {
  let installation: TestInstallation;
  beforeAll(async () => {
    installation = await startInstallation(database, { memberToken: "of-a-member" });
  });
  afterAll(() => installation.remove());
  const failsWith = (variables: Record<string, string>, sentence: string | RegExp) => {
    setVariables(installation.envFile, variables);
    return expect(installation.deploy()).rejects.toThrow(sentence);
  };

  it("Windmill is not up", async () => {
    const url = `http://127.0.0.1:${await freePort()}`;
    await failsWith(
      { WINDMILL_URL: url, WINDMILL_TOKEN: installation.windmill.token },
      /^Windmill at \S+ is not up after 0 s: .*ECONNREFUSED.*docker compose up/,
    );
  });
  it("the token is wrong", () =>
    failsWith(
      { WINDMILL_URL: installation.windmill.baseUrl, WINDMILL_TOKEN: "wrong" },
      "does not take WINDMILL_TOKEN (401)",
    ));
  it("the token is of somebody who is no admin", () =>
    failsWith({ WINDMILL_TOKEN: "of-a-member" }, "who is no admin of the workspace chatbots"));
  it("there is no token, and no password opens", () =>
    failsWith({ WINDMILL_TOKEN: "" }, "set WINDMILL_TOKEN to an admin's token"));
  it("nothing answers at DATABASE_URL", async () => {
    const port = await freePort();
    const url = `postgresql://postgres:a-secret@127.0.0.1:${port}/x`;
    await failsWith({ DATABASE_URL: url }, `PostgreSQL at 127.0.0.1:${port} is not up`);
    await expect(installation.deploy()).rejects.not.toThrow("a-secret");
  });
});

/** A webhook server that takes its token from the env file when it starts. */
function ingressOf(installation: TestInstallation) {
  const ingress = {
    ...{ restarts: 0, token: "" },
    hasToken: async (token: string) => token === ingress.token,
    restart: async () => {
      ingress.restarts += 1;
      ingress.token = installation.variable("INGRESS_WINDMILL_TOKEN") ?? "";
      return true;
    },
  };
  return ingress;
}

/** As somebody makes one in Windmill. */
async function addSchedule(installation: TestInstallation, path: string): Promise<void> {
  const schedule = { path, script_path: "f/tools/time_in_zone", schedule: "0 0 0 * * *" };
  const token = installation.variable("WINDMILL_TOKEN");
  const response = await fetch(`${installation.windmill.baseUrl}/api/w/chatbots/schedules/create`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ ...schedule, is_flow: false, timezone: "Etc/UTC", enabled: false }),
  });
  expect(response.status).toBe(200);
}

/** A port that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      const port = typeof address === "object" && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
