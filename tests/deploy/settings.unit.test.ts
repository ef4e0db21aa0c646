import { describe, expect, it } from "vitest";
import { InvalidSettingsError, readSettings } from "../../deploy/settings.ts";
import { desiredResources, POSTGRES } from "../../deploy/units/desired_values.ts";

const DATABASE_URL = "postgresql://owner:secret-1@db.example.com:5433/bots?sslmode=require";

function problemsOf(env: Record<string, string>): readonly string[] {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    return error instanceof InvalidSettingsError ? error.problems : [String(error)];
  }
}

const postgresOf = (env: Record<string, string>) =>
  desiredResources(readSettings({ DATABASE_URL, ...env })).find(({ path }) => path === POSTGRES);

describe("the settings of an installation", () => {
  it("need the database, and take Windmill from compose", () => {
    expect(problemsOf({})).toEqual([expect.stringContaining("DATABASE_URL: is missing")]);
    expect(readSettings({ DATABASE_URL, WINDMILL_PORT: "8080" }).windmill).toMatchObject({
      ...{ url: "http://127.0.0.1:8080", workspace: "chatbots", token: undefined },
    });
    expect(readSettings({ DATABASE_URL, WINDMILL_URL: "https://wm/" }).windmill.url).toBe(
      "https://wm",
    );
  });

  it("are refused all at once, without their values", () => {
    const wrong = {
      ...{ DATABASE_URL: "mysql://x:secret-2@y", WINDMILL_WORKSPACE: "a b" },
      ...{ WINDMILL_ADMIN_PASSWORD: "changeme", S3_ACCESS_KEY: "secret-3" },
    };
    const problems = problemsOf(wrong);
    expect(problems).toHaveLength(4);
    expect(problems.join()).not.toMatch(/secret-\d/);
  });

  it("are to be corrected in the file that was read", () => {
    expect(() => readSettings({}, "staging.env")).toThrow(
      /^Correct these variables in staging\.env /,
    );
  });

  it.each([
    ["", { host: "object-storage:8333", useSsl: false }],
    ["minio:9000", { host: "minio:9000", useSsl: false }],
    ["https://s3.example.com/", { host: "s3.example.com", useSsl: true }],
  ])("name the object storage by %j", (S3_ENDPOINT, endpoint) => {
    const keys = { S3_ACCESS_KEY: "a", S3_SECRET_KEY: "b" };
    const { objectStorage } = readSettings({ DATABASE_URL, S3_ENDPOINT, ...keys });
    expect(objectStorage).toMatchObject({ endpoint, bucket: "chatbots" });
  });
});

describe("the database as the steps reach it", () => {
  it("is where DATABASE_URL is, as chatbot_app, unless APP_DATABASE_URL says otherwise", () => {
    expect(postgresOf({ CHATBOT_APP_PASSWORD: "secret-4" })?.value).toEqual({
      ...{ host: "db.example.com", port: 5433, dbname: "bots", sslmode: "require" },
      ...{ user: "chatbot_app", password: "$var:f/platform/postgres_password" },
    });
    const APP_DATABASE_URL = "postgresql://chatbot_app@postgres:5432/chatbots";
    expect(postgresOf({ APP_DATABASE_URL })?.value).toMatchObject({
      ...{ host: "postgres", port: 5432, user: "chatbot_app", sslmode: "disable" },
    });
  });

  it("is left alone where nothing is set", () => {
    expect(postgresOf({})).toMatchObject({ value: undefined, first: { user: "chatbot_app" } });
  });
});
