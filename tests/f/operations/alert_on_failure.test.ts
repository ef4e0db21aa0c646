import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import {
  type AlertClients,
  alertOnFailure,
  type Failure,
} from "../../../f/operations/alert_on_failure.ts";
import { SlackPostError } from "../../../f/platform/slack.ts";
import {
  MessageDelayedError,
  MessageOutcomeUnknownError,
} from "../../../f/platform/whatsapp_errors.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import type { SystemAlertRow } from "../../helpers/rows.ts";
import { openShop, type Shop } from "../chat/shop.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

/** A flow run whose step fails, and what Slack got of it. */
class FailingRun {
  readonly flowJobId = randomUUID();
  readonly posts: string[] = [];
  slackIsDown = false;
  readonly shop: Shop;
  readonly event: number;

  constructor(shop: Shop, event: number) {
    this.shop = shop;
    this.event = event;
  }

  claim() {
    return this.shop.claim(this.event, this.flowJobId);
  }

  fails(stepId: string, message = "the model is out of order", name = "ModelCallError") {
    const clients: AlertClients = {
      startFlow: this.shop.startFlow,
      openWhatsApp: async () => () => this.shop.whatsApp,
      postToSlack: async (text, attachment) => {
        if (this.slackIsDown) throw new SlackPostError("it answered 503");
        this.posts.push([text, JSON.stringify(attachment)].join("\n"));
      },
    };
    const failure: Failure = {
      stepId,
      error: { name, message },
      webhookEventId: this.event,
      flowJobId: this.flowJobId,
    };
    return this.shop.as((database) => alertOnFailure(database, clients, failure));
  }
}

async function failingRun(body = "When do you open?"): Promise<FailingRun> {
  const shop = await openShop(db);
  return new FailingRun(shop, await shop.contactWrites(body));
}

function alertsOf(shop: Shop): Promise<SystemAlertRow[]> {
  return db.query("select * from system_alerts where organization_id = $1", [shop.organization.id]);
}

describe("a step whose process was killed before it made a reply", () => {
  const KILLED = "process terminated by signal: SIGKILL";

  it("leaves the turn to the next recovery, and tells the contact nothing", async () => {
    const run = await failingRun();
    const context = await run.claim();
    expect(await run.fails("generate_reply", KILLED, "ExecutionErr")).toMatchObject({
      slack: "posted",
      turn: "left",
      contact: "not_told",
    });
    expect(run.shop.sentTexts()).toEqual([]);
    expect(
      await db.query(
        "select status, lease_expires_at <= now() as is_abandoned from turns where id = $1",
        [context.turn_id],
      ),
    ).toEqual([{ status: "generating", is_abandoned: true }]);
  });

  it("ends the turn when it was its time limit that ended it", async () => {
    const run = await failingRun();
    await run.claim();
    const timedOut = "Job timed out: execution exceeded duration limit of 90 seconds";
    expect(await run.fails("generate_reply", timedOut, "ExecutionErr")).toMatchObject({
      turn: "failed",
      contact: "told",
    });
  });
});

describe("a step that made no reply", () => {
  it("is reported once and the contact is told once, however often the module runs", async () => {
    const run = await failingRun();
    const context = await run.claim();
    expect(await run.fails("generate_reply")).toMatchObject({
      outcome: "alerted",
      step_id: "generate_reply",
      slack: "posted",
      turn: "failed",
      contact: "told",
    });
    expect(await run.fails("generate_reply")).toMatchObject({ slack: "repeated", turn: "none" });
    expect(run.shop.sentTexts()).toEqual([run.shop.chatbot.error_message]);
    expect(await run.shop.turn(context)).toMatchObject({
      status: "failed",
      reply_kind: "error",
      error: "generate_reply: ModelCallError: the model is out of order",
    });
    expect(await run.shop.eventStatus(run.event)).toBe("failed");
  });

  it("starts the flow for what was written meanwhile", async () => {
    const run = await failingRun();
    await run.claim();
    const later = await run.shop.contactWrites("Hello?");
    await run.fails("generate_reply");
    expect(run.shop.startedFlows).toEqual([later]);
  });

  it("leaves an event that no turn has taken waiting, and reports it", async () => {
    const run = await failingRun();
    expect(await run.fails("load_context")).toMatchObject({ turn: "none", contact: "not_told" });
    expect(await run.shop.eventStatus(run.event)).toBe("received");
    expect(await alertsOf(run.shop)).toHaveLength(1);
    expect((await run.claim()).outcome).toBe("reply");
  });

  it("does not end a turn that another run has taken over", async () => {
    const run = await failingRun();
    const first = await run.claim();
    await run.shop.abandon(first);
    const second = await run.shop.claim(run.event);
    expect(await run.fails("generate_reply")).toMatchObject({ turn: "none" });
    expect(run.shop.whatsApp.sent).toEqual([]);
    expect(await run.shop.turn(second)).toMatchObject({ status: "generating", fence: 2 });
  });

  it("ends the turn although the contact cannot be told", async () => {
    const run = await failingRun();
    const context = await run.claim();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    run.shop.whatsApp.onSend = async () => {
      throw new MessageDelayedError("throttled", undefined);
    };
    expect(await run.fails("generate_reply")).toMatchObject({
      turn: "failed",
      contact: "not_told",
    });
    warn.mockRestore();
    expect(await run.shop.turn(context)).toMatchObject({ status: "failed" });
  });

  it("leaves the turn when nobody knows whether the contact was told", async () => {
    const run = await failingRun();
    const context = await run.claim();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    run.shop.whatsApp.onSend = async () => {
      throw new MessageOutcomeUnknownError("it did not answer in time");
    };
    expect(await run.fails("generate_reply")).toMatchObject({ turn: "left" });
    warn.mockRestore();
    expect(await run.shop.turn(context)).toMatchObject({ status: "replying", reply_kind: "error" });
  });
});

describe("a step after the reply was made", () => {
  it.each(["send_reply", "save_history", "log_usage", "finish_turn"])(
    "leaves the turn to be finished when %s fails, and sends no error message",
    async (stepId) => {
      const run = await failingRun();
      const context = await run.claim();
      await run.shop.generate(context);
      expect(await run.fails(stepId)).toMatchObject({ turn: "left", contact: "not_told" });
      expect(run.shop.whatsApp.sent).toEqual([]);
      expect(await run.shop.turn(context)).toMatchObject({ status: "replying" });
      await run.shop.send(context);
      expect(await run.shop.finish(context)).toMatchObject({ status: "completed" });
    },
  );

  it("is one alert for each step of a turn", async () => {
    const run = await failingRun();
    const context = await run.claim();
    await run.shop.generate(context);
    for (const step of ["send_reply", "log_usage", "send_reply"]) await run.fails(step);
    const keys = (await alertsOf(run.shop)).map(({ alert_key }) => alert_key);
    expect(keys).toEqual([
      `step_failed:turn:${context.turn_id}:send_reply`,
      `step_failed:turn:${context.turn_id}:log_usage`,
    ]);
    expect(run.posts).toHaveLength(2);
  });
});

describe("the alert", () => {
  it("masks secrets and phone numbers, and cannot mention or link in Slack", async () => {
    const run = await failingRun();
    await run.claim();
    await run.fails(
      "generate_reply",
      "<!channel> +49 1511 2345678 with sk-abcdefghijklmnop1234 failed",
    );
    const [alert] = await alertsOf(run.shop);
    expect(alert?.summary).toBe(
      "The step generate_reply failed: <!channel> [phone] with [key] failed",
    );
    expect(run.posts[0]).toContain("&lt;!channel&gt; [phone] with [key] failed");
    expect(run.posts[0]).toContain(run.flowJobId);
  });

  it("is kept when Slack is down, and posted by the next run", async () => {
    const run = await failingRun();
    await run.claim();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    run.slackIsDown = true;
    expect(await run.fails("generate_reply")).toMatchObject({
      slack: "slack_down",
      turn: "failed",
    });
    expect(warn).toHaveBeenCalledWith(expect.stringContaining("503"));
    warn.mockRestore();
    expect(await alertsOf(run.shop)).toMatchObject([{ slack_posted_at: null }]);
  });

  it("is the operator's when the event belongs to no organization", async () => {
    const run = await failingRun();
    await db.query(
      "update webhook_events set organization_id = null, chatbot_id = null where id = $1",
      [run.event],
    );
    expect(await run.fails("load_context")).toMatchObject({ slack: "posted", turn: "none" });
    expect(await alertsOf(run.shop)).toEqual([]);
    const key = `step_failed:event:${run.event}:load_context`;
    expect(
      await db.query("select organization_id from system_alerts where alert_key = $1", [key]),
    ).toEqual([{ organization_id: null }]);
  });
});
