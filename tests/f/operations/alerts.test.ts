import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { AlertNotFoundError, acknowledgeAlert } from "../../../f/operations/acknowledge_alert.ts";
import { tellAlerts } from "../../../f/operations/tell_alerts.ts";
import { type Alert, raiseAlert } from "../../../f/platform/alerts.ts";
import { type Database, withDb } from "../../../f/platform/postgres.ts";
import { SlackPostError } from "../../../f/platform/slack.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import { insertOrganization, insertUser } from "../../helpers/records.ts";
import type { SystemAlertRow } from "../../helpers/rows.ts";
import { OPERATOR } from "./operators.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const as = <Result>(work: (database: Database) => Promise<Result>) =>
  withDb(db.resource("chatbot_app"), work);

/** An organization in trouble, and the Slack channel that hears of it. */
class Trouble {
  readonly posts: string[] = [];
  slackIsDown = false;
  readonly organizationId: string;

  constructor(organizationId: string) {
    this.organizationId = organizationId;
  }

  static async open(): Promise<Trouble> {
    return new Trouble((await insertOrganization(db)).id);
  }

  post = async (text: string) => {
    if (this.slackIsDown) throw new SlackPostError("it answered 503");
    this.posts.push(text);
  };

  raise(alert: Partial<Alert> = {}, organizationId: string | null = this.organizationId) {
    return as((database) =>
      raiseAlert(database, organizationId, this.post, {
        severity: "error",
        kind: "step_failed",
        alertKey: randomUUID(),
        fingerprint: "send_reply failed",
        summary: "The step send_reply failed",
        details: { step: "send_reply" },
        flowJobId: null,
        turnId: null,
        ...alert,
      }),
    );
  }

  alerts(): Promise<(SystemAlertRow & { repeats_alert_id: number | null })[]> {
    return db.query("select * from system_alerts where organization_id = $1 order by id", [
      this.organizationId,
    ]);
  }

  /** As if everything so far had happened earlier. */
  async passes(interval: string): Promise<void> {
    await db.query(
      "update system_alerts set created_at = created_at - $2::interval where organization_id is not distinct from $1",
      [this.organizationId, interval],
    );
  }
}

describe("the same alert again", () => {
  it("is kept and counted, and told once", async () => {
    const trouble = await Trouble.open();
    expect(await trouble.raise()).toBe("posted");
    expect(await trouble.raise()).toBe("repeated");
    expect(trouble.posts).toHaveLength(1);
    const [first, second] = await trouble.alerts();
    expect(second).toMatchObject({ repeats_alert_id: first?.id, slack_posted_at: null });
  });

  it("is told again when a while has passed", async () => {
    const trouble = await Trouble.open();
    await trouble.raise();
    await trouble.passes("16 minutes");
    expect(await trouble.raise()).toBe("posted");
  });

  it("is not what another organization has, nor what says something else", async () => {
    const [trouble, other] = [await Trouble.open(), await Trouble.open()];
    await trouble.raise();
    expect(await other.raise()).toBe("posted");
    expect(await trouble.raise({ fingerprint: "load_context failed" })).toBe("posted");
    expect(await trouble.raise({ kind: "token_expired", fingerprint: undefined })).toBe("posted");
  });

  it("by a job that runs twice is the same one", async () => {
    const trouble = await Trouble.open();
    await trouble.raise({ alertKey: `${trouble.organizationId}:a` });
    expect(await trouble.raise({ alertKey: `${trouble.organizationId}:a` })).toBe("already");
    expect(await trouble.alerts()).toHaveLength(1);
  });
});

describe("three of a kind within five minutes", () => {
  it("are one critical alert more, once", async () => {
    const trouble = await Trouble.open();
    for (let n = 0; n < 5; n++) await trouble.raise();
    const [escalation, ...others] = (await trouble.alerts()).filter(
      ({ kind }) => kind === "escalation",
    );
    expect(escalation).toMatchObject({
      severity: "critical",
      summary: expect.stringContaining("3 alerts of the kind step_failed in 5 minutes"),
    });
    expect(escalation?.slack_posted_at).not.toBeNull();
    expect(others).toEqual([]);
    expect(trouble.posts).toHaveLength(2);
  });

  it("are not three over a longer time, nor of several kinds", async () => {
    const trouble = await Trouble.open();
    await trouble.raise();
    await trouble.raise();
    await trouble.passes("6 minutes");
    await trouble.raise();
    await trouble.raise({ kind: "turn_abandoned" });
    const kinds = (await trouble.alerts()).map(({ kind }) => kind);
    expect(kinds).not.toContain("escalation");
  });
});

describe("what Slack did not take", () => {
  it("is told later, with how often it happened since", async () => {
    const trouble = await Trouble.open();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    trouble.slackIsDown = true;
    expect(await trouble.raise()).toBe("slack_down");
    warn.mockRestore();
    trouble.slackIsDown = false;
    expect(await trouble.raise()).toBe("repeated");
    // whoever raised it a moment ago may be telling it
    expect(await as((database) => tellAlerts(database, trouble.post))).toMatchObject({ told: 0 });
    await trouble.passes("2 minutes");
    expect(await as((database) => tellAlerts(database, trouble.post))).toMatchObject({ told: 1 });
    expect(trouble.posts).toEqual(["[error] The step send_reply failed (1 more since)"]);
    expect(await as((database) => tellAlerts(database, trouble.post))).toMatchObject({ told: 0 });
  });

  it("stays untold while Slack is down", async () => {
    const trouble = await Trouble.open();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    trouble.slackIsDown = true;
    await trouble.raise();
    await trouble.passes("2 minutes");
    expect(await as((database) => tellAlerts(database, trouble.post))).toEqual({
      outcome: "slack_down",
      told: 0,
    });
    warn.mockRestore();
    trouble.slackIsDown = false;
    await as((database) => tellAlerts(database, trouble.post));
    expect(trouble.posts).toHaveLength(1);
  });

  it("and is no organization's is told as well, and once", async () => {
    const trouble = await Trouble.open();
    const alertKey = randomUUID();
    expect(await trouble.raise({ alertKey }, null)).toBe("posted");
    expect(await trouble.raise({ alertKey }, null)).toBe("already");
  });
});

describe("acknowledging an alert", () => {
  const acknowledge = (organizationId: string, id: number, userId: string | null = null) =>
    as((database) => acknowledgeAlert(database, organizationId, id, { ...OPERATOR, userId }));

  it("marks it and its repetitions, once, with who did it", async () => {
    const trouble = await Trouble.open();
    await trouble.raise();
    await trouble.raise();
    const user = await insertUser(db, { organization_id: trouble.organizationId });
    const [first] = await trouble.alerts();
    const id = first?.id ?? 0;
    expect(await acknowledge(trouble.organizationId, id, user.id)).toEqual({
      outcome: "acknowledged",
      alert_id: id,
    });
    expect(await acknowledge(trouble.organizationId, id)).toMatchObject({
      outcome: "already_acknowledged",
    });
    for (const alert of await trouble.alerts()) {
      expect(alert).toMatchObject({ acknowledged_by: user.id });
    }
  });

  it("of another organization is refused", async () => {
    const [trouble, other] = [await Trouble.open(), await Trouble.open()];
    await trouble.raise();
    const [alert] = await trouble.alerts();
    const foreign = acknowledge(other.organizationId, alert?.id ?? 0);
    await expect(foreign).rejects.toThrow(AlertNotFoundError);
    expect(await trouble.alerts()).toMatchObject([{ acknowledged_at: null }]);
  });
});
