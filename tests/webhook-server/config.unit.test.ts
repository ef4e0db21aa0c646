import { describe, expect, it } from "vitest";
import { InvalidConfigError, readConfig } from "../../webhook-server/config.ts";

const COMPLETE = {
  META_APP_SECRET: "0123456789abcdef0123456789abcdef",
  META_VERIFY_TOKEN: "chosen-by-us",
  INGRESS_DATABASE_URL: "postgresql://chatbot_ingress:secret@127.0.0.1:5432/chatbots",
  WINDMILL_BASE_URL: "http://windmill:8000/",
  INGRESS_WINDMILL_TOKEN: "a-token",
};

function problemsOf(env: Record<string, string | undefined>): readonly string[] {
  try {
    readConfig(env);
  } catch (error) {
    if (error instanceof InvalidConfigError) return error.problems;
    throw error;
  }
  return [];
}

describe("readConfig", () => {
  it("needs only what has no sensible default", () => {
    expect(readConfig(COMPLETE)).toEqual({
      host: "127.0.0.1",
      port: 3012,
      trustedProxyHops: 0,
      appSecrets: [COMPLETE.META_APP_SECRET],
      verifyToken: "chosen-by-us",
      databaseUrl: COMPLETE.INGRESS_DATABASE_URL,
      windmill: { baseUrl: "http://windmill:8000", workspace: "chatbots", token: "a-token" },
      logLevel: "info",
    });
  });

  it("keeps the previous app secret valid while it is being replaced", () => {
    const previous = "fedcba9876543210fedcba9876543210";
    expect(readConfig({ ...COMPLETE, META_APP_SECRET_PREVIOUS: previous }).appSecrets).toEqual([
      COMPLETE.META_APP_SECRET,
      previous,
    ]);
  });

  it("takes an empty variable for an unset one, as compose hands them over", () => {
    const config = readConfig({
      ...COMPLETE,
      META_APP_SECRET_PREVIOUS: "",
      PORT: "",
      LOG_LEVEL: "",
    });
    expect(config.appSecrets).toEqual([COMPLETE.META_APP_SECRET]);
    expect(config.port).toBe(3012);
    expect(config.logLevel).toBe("info");
  });

  it.each(Object.keys(COMPLETE))("refuses to start without %s", (name) => {
    const problems = problemsOf({ ...COMPLETE, [name]: undefined });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(name);
    expect(problemsOf({ ...COMPLETE, [name]: "" })).toHaveLength(1);
    expect(problemsOf(COMPLETE)).toEqual([]); // control
  });

  it("names every wrong variable at once, and repeats no secret", () => {
    const problems = problemsOf({
      ...COMPLETE,
      META_APP_SECRET: "hunter2",
      INGRESS_DATABASE_URL: "mysql://root:hunter2@db/chatbots",
      PORT: "seventy",
    });
    expect(problems.map((problem) => problem.split(":")[0]).sort()).toEqual([
      "INGRESS_DATABASE_URL",
      "META_APP_SECRET",
      "PORT",
    ]);
    expect(problems.join()).not.toContain("hunter2");
  });
});
