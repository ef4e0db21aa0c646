import { beforeEach, describe, expect, it, vi } from "vitest";
import * as wmill from "windmill-client";
import { main as finishTurn } from "../../../f/chat/finish_turn.ts";
import { main as generateReply } from "../../../f/chat/generate_reply.ts";
import { main as loadContext } from "../../../f/chat/load_context.ts";
import { main as logUsage } from "../../../f/chat/log_usage.ts";
import { main as saveHistory } from "../../../f/chat/save_history.ts";
import { main as sendReply } from "../../../f/chat/send_reply.ts";
import { TurnNotFoundError } from "../../../f/chat/turn_tenant.ts";
import { main as alertOnFailure } from "../../../f/operations/alert_on_failure.ts";
import * as postgres from "../../../f/platform/postgres.ts";
import { DatabaseUnavailableError } from "../../../f/platform/postgres_errors.ts";
import { KeySetError } from "../../../f/platform/secrets.ts";
import { scriptedDatabase } from "./scripted_database.ts";

vi.mock("windmill-client");
vi.mock("../../../f/platform/postgres.ts", async (original) => ({
  ...(await original<typeof postgres>()),
  withDb: vi.fn(),
}));

const TURN = "0199b2b0-1234-4abc-8def-0123456789ab";
const ORGANIZATION = "0199b2b0-1234-4abc-8def-0123456789ac";
const NEXT_JOB = "0199b2b0-1234-4abc-8def-0123456789ad";
const ofTurn = [/turn_organization/, [{ organization_id: ORGANIZATION }]] as const;
const resource: postgres.Postgresql = {
  host: "db",
  port: 5432,
  user: "chatbot_app",
  password: "x",
  dbname: "chatbots",
  sslmode: "disable",
};
const variables: Record<string, string> = {
  "f/platform/credentials_keys": JSON.stringify({
    current: "1",
    keys: { "1": Buffer.alloc(32).toString("base64") },
  }),
  "f/platform/chat_model": "offline-1",
  "f/platform/slack_webhook_url": "",
};

/** The step under test finds these rows. */
function databaseWith(...answers: Parameters<typeof scriptedDatabase>[0]) {
  const database = scriptedDatabase(answers);
  vi.mocked(postgres.withDb).mockImplementation((_resource, work) => work(database));
  return database;
}

beforeEach(() => {
  vi.resetAllMocks();
  vi.stubEnv("WM_ROOT_FLOW_JOB_ID", "root-flow");
  vi.mocked(wmill.getVariable).mockImplementation(async (path) => {
    const value = variables[path];
    if (value === undefined) throw new Error(`Variable not found at ${path}`);
    return value;
  });
  vi.mocked(wmill.getResource).mockResolvedValue({ base_url: "https://graph.example" });
});

describe("load_context", () => {
  it("ends the flow for an event of an unknown number", async () => {
    databaseWith([/webhook_event_organization/, [{ organization_id: "" }]]);
    expect(await loadContext(7, resource)).toMatchObject({ outcome: "unknown_number" });
  });

  it("claims nothing while the keys of the credentials are broken", async () => {
    const database = databaseWith();
    vi.mocked(wmill.getVariable).mockResolvedValue("not json");
    await expect(loadContext(7, resource)).rejects.toThrow(KeySetError);
    expect(database.statements).toEqual([]);
  });
});

describe("generate_reply", () => {
  const context = JSON.stringify({
    outcome: "reply",
    turn_id: TURN,
    fence: 1,
    organization_id: ORGANIZATION,
    chatbot: { id: TURN, name: "Support", system_prompt: "", model: null, fallback_models: [] },
    contact: { id: TURN, profile_name: "" },
    history: [],
    messages: [{ author: "contact", kind: "text", body: "$var:f/platform/openai_api_key" }],
    tools: [],
  });

  it("makes no reply when one stands, and reads no key for it", async () => {
    databaseWith([/select t.reply is not null/, [{ has_reply: true }]]);
    expect(await generateReply(context, resource)).toEqual({
      outcome: "reply",
      turn_id: TURN,
      fence: 1,
    });
    expect(wmill.getResource).not.toHaveBeenCalled();
  });

  it("is superseded when the turn is another run's", async () => {
    databaseWith([/select t.reply is not null/, []]);
    expect(await generateReply(context, resource)).toEqual({
      outcome: "superseded",
      turn_id: TURN,
    });
  });

  it.each([
    ["another outcome", '{"outcome":"queued"}'],
    ["no JSON", "hello"],
  ])("refuses a context with %s", async (_, text) => {
    databaseWith();
    await expect(generateReply(text, resource)).rejects.toThrow();
  });
});

describe("send_reply", () => {
  it("sends nothing when the fence has moved on", async () => {
    databaseWith(ofTurn, [/select reply from turns/, []]);
    expect(await sendReply(TURN, 1, resource)).toEqual({
      outcome: "superseded",
      turn_id: TURN,
      wamids: [],
    });
  });
});

describe("save_history", () => {
  it("writes the reply's messages", async () => {
    const database = databaseWith(
      ofTurn,
      [/select reply from turns/, [{ reply: "At nine." }]],
      [/insert into messages/, []],
      [/update contacts/, []],
    );
    expect(await saveHistory(TURN, 1, resource)).toEqual({ outcome: "saved", turn_id: TURN });
    expect(database.statements.some((sql) => sql.includes("insert into messages"))).toBe(true);
  });
});

describe("log_usage", () => {
  it.each([
    ["already_logged", { reply_kind: "answer", is_settled: true, usage: {} }],
    ["not_charged", { reply_kind: "limit", is_settled: false, usage: {} }],
  ])("writes nothing when it is %s", async (outcome, turn) => {
    databaseWith(ofTurn, [/select t.reply_kind, t.usage/, [turn]]);
    expect(await logUsage(TURN, 1, resource)).toEqual({ outcome, turn_id: TURN });
  });
});

describe("finish_turn", () => {
  const closed = [
    ofTurn,
    [/set lease_expires_at = now\(\)/, []],
    [/select c.chatbot_id/, [{ chatbot_id: TURN, bsuid: "DE.1", phone: null }]],
    [/select status in/, [{ is_live: false, status: "completed" }]],
  ] as const;

  it("starts the flow with the next event that waits", async () => {
    databaseWith(...closed, [/from webhook_events/, [{ id: 8 }, { id: 9 }]]);
    vi.mocked(wmill.runFlowAsync).mockResolvedValue(NEXT_JOB);
    expect(await finishTurn(TURN, 1, resource)).toMatchObject({
      outcome: "finished",
      status: "completed",
      next_flow_job_id: NEXT_JOB,
    });
    expect(wmill.runFlowAsync).toHaveBeenCalledWith("f/chat/whatsapp_webhook_processor", {
      webhook_event_id: 8,
    });
  });

  it("starts nothing when nothing waits", async () => {
    databaseWith(...closed, [/from webhook_events/, []]);
    expect(await finishTurn(TURN, 1, resource)).toMatchObject({ next_flow_job_id: null });
    expect(wmill.runFlowAsync).not.toHaveBeenCalled();
  });
});

it.each([
  ["send_reply", sendReply],
  ["save_history", saveHistory],
  ["log_usage", logUsage],
  ["finish_turn", finishTurn],
])("%s says which turn it does not find", async (_, main) => {
  databaseWith([/turn_organization/, [{ organization_id: "" }]]);
  await expect(main(TURN, 1, resource)).rejects.toThrow(TurnNotFoundError);
});

describe("alert_on_failure", () => {
  const error = JSON.stringify({ name: "ModelCallError", message: "it took too long" });

  it("reports a failure that belongs to no organization", async () => {
    databaseWith(
      [/webhook_event_organization/, [{ organization: null }]],
      [/insert into system_alerts/, []],
      [/is_alert_told/, [{ is_told: false }]],
    );
    expect(await alertOnFailure("load_context", error, 7, "job", resource)).toEqual({
      outcome: "alerted",
      step_id: "load_context",
      slack: "no_slack",
      turn: "none",
      contact: "not_told",
      next_flow_job_id: null,
    });
  });

  it("tells Slack when the database is away, and fails", async () => {
    const posts: unknown[] = [];
    variables["f/platform/slack_webhook_url"] = "https://slack.example/hook";
    vi.stubGlobal("fetch", async (_url: unknown, init: RequestInit) => {
      posts.push(JSON.parse(String(init.body)));
      return new Response("ok");
    });
    const away = new DatabaseUnavailableError("db:5432/chatbots", { cause: "refused" });
    vi.mocked(postgres.withDb).mockRejectedValue(away);
    await expect(alertOnFailure("send_reply", error, 7, "job", resource)).rejects.toBe(away);
    expect(posts).toEqual([{ text: "The step send_reply failed: it took too long" }]);
    vi.unstubAllGlobals();
  });
});
