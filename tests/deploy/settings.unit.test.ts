import { describe, expect, it } from "vitest";
import { secretsOf } from "../../deploy/doctor/secrets.ts";
import { InvalidSettingsError, readSettings } from "../../deploy/settings.ts";
import { desiredResources, POSTGRES } from "../../deploy/units/desired_values.ts";
import { givenAppPassword } from "../../deploy/units/postgres_password.ts";

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
    "postgresql://owner:1/secret-5@db.example.com/bots",
    "postgresql://owner:1?secret-5@db.example.com/bots",
    "postgresql://owner:1#secret-5@db.example.com/bots",
    "postgresql://owner:100%secret-5@db.example.com/bots",
    "postgresql://owner:secret-5@db.example.com",
  ])("refuse the connection string %j, which could be read as another", (url) => {
    for (const name of ["DATABASE_URL", "APP_DATABASE_URL"]) {
      const problems = problemsOf({ DATABASE_URL, [name]: url });
      expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}: .*%25, %2F`))]);
      expect(problems.join()).not.toContain("secret-5");
    }
  });

  it("refuse a login of the steps that row-level security may not bind", () => {
    const loginAs = (user: string) =>
      problemsOf({ DATABASE_URL, APP_DATABASE_URL: `postgresql://${user}postgres:5432/chatbots` });
    expect(loginAs("postgres:secret-6@")).toEqual([
      expect.stringContaining("APP_DATABASE_URL: must name the user chatbot_app"),
    ]);
    expect(loginAs("chatbot_app:secret-6@")).toEqual([]); // controls
    expect(loginAs("")).toEqual([]);
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

  it("may have an IPv6 address, a password of any signs and a name that is escaped", () => {
    const password = "p%a@s/s:?#";
    const APP_DATABASE_URL = `postgresql://chatbot_app:${encodeURIComponent(password)}@[2001:db8::1]:5433/bots%2F1`;
    expect(postgresOf({ APP_DATABASE_URL })?.value).toMatchObject({
      ...{ host: "2001:db8::1", port: 5433, dbname: "bots/1" },
    });
    const settings = readSettings({ DATABASE_URL, APP_DATABASE_URL });
    expect(givenAppPassword(settings.database)).toBe(password);
    expect(secretsOf(settings)).toContain(password);
  });
});
