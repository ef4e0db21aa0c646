import * as z from "zod/v4";
import { type Alert, raiseAlert, type Told } from "../platform/alerts.ts";
import { FLOW_PATH, type StartFlow } from "../platform/close_turn.ts";
import { maskSecrets } from "../platform/mask.ts";
import {
  type Database,
  maybeOne,
  one,
  type Postgresql,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { DatabaseUnavailableError } from "../platform/postgres_errors.ts";
import { escapeForSlack, type PostToSlack, slackAt } from "../platform/slack.ts";
import { readWhatsApp, type WhatsAppFor } from "../platform/whatsapp_numbers.ts";
import { startFlow } from "../platform/windmill.ts";
import { readVariable } from "../platform/windmill_values.ts";
import { failTurn, findTurn, type TurnAfterFailure } from "./fail_turn.ts";
import { severityOf } from "./failure_severity.ts";

/** Windmill's error of the step that failed. */
const stepError = z.object({
  name: z.string().catch("Error"),
  message: z.string().catch("no message"),
});

export interface Failure {
  readonly stepId: string;
  readonly error: z.infer<typeof stepError>;
  readonly webhookEventId: number;
  readonly flowJobId: string;
}

/** It takes the failed branch's place among the results of its branchall. */
export interface Alerted extends Pick<TurnAfterFailure, "turn" | "contact"> {
  readonly outcome: "alerted";
  readonly step_id: string;
  readonly slack: Told;
  readonly next_flow_job_id: string | null;
}

interface Chatbot {
  readonly id: string;
  readonly name: string;
}

export interface AlertClients {
  readonly postToSlack: PostToSlack | undefined;
  readonly startFlow: StartFlow;
  openWhatsApp(): Promise<WhatsAppFor>;
}

/** Failure module of the flow, also inside its branches: records what failed, tells Slack, and ends the turn. */
export async function main(
  step_id: string,
  error: string,
  webhook_event_id: number,
  flow_job_id: string,
  db: Postgresql,
): Promise<Alerted> {
  const failure: Failure = {
    stepId: step_id,
    error: stepError.catch({ name: "Error", message: error }).parse(parseJson(error)),
    webhookEventId: webhook_event_id,
    // inside a branch Windmill's flow_job_id is the branch's own: turns know the run of the whole flow
    flowJobId: process.env.WM_ROOT_FLOW_JOB_ID || flow_job_id,
  };
  const postToSlack = slackAt(await readVariable("f/platform/slack_webhook_url"));
  try {
    return await withDb(db, (database) =>
      alertOnFailure(database, { postToSlack, startFlow, openWhatsApp: readWhatsApp }, failure),
    );
  } catch (cause) {
    // nothing could be written, so Slack is the only place left to say it
    if (cause instanceof DatabaseUnavailableError) {
      await postToSlack?.(escapeForSlack(maskSecrets(summaryOf(failure))));
    }
    throw cause;
  }
}

export async function alertOnFailure(
  database: Database,
  clients: AlertClients,
  failure: Failure,
): Promise<Alerted> {
  const { organization } = await one<{ organization: string | null }>(
    database,
    "select webhook_event_organization($1) as organization",
    [failure.webhookEventId],
  );
  const chatbot = organization && (await chatbotOf(database, organization, failure.webhookEventId));
  const run = {
    ...failure,
    organizationId: organization ?? "",
    reason: reasonOf(failure),
    isPassing: isPassing(failure),
  };
  const turn = organization === null ? undefined : await findTurn(database, run);
  const alert = alertAbout(failure, turn?.id ?? null, chatbot || null);
  const slack = await raiseAlert(database, organization, clients.postToSlack, alert);
  const after = await failTurn(database, clients.openWhatsApp, clients.startFlow, turn, run);
  return {
    outcome: "alerted",
    step_id: failure.stepId,
    slack,
    turn: after.turn,
    contact: after.contact,
    next_flow_job_id: after.nextFlowJobId,
  };
}

async function chatbotOf(
  database: Database,
  organizationId: string,
  webhookEventId: number,
): Promise<Chatbot | null> {
  const chatbot = await withTenant(database, organizationId, (tenant) =>
    maybeOne<Chatbot>(
      tenant,
      `select b.id, b.name from webhook_events e join chatbots b on b.id = e.chatbot_id where e.id = $1`,
      [webhookEventId],
    ),
  );
  return chatbot ?? null;
}

function alertAbout(failure: Failure, turnId: string | null, chatbot: Chatbot | null): Alert {
  const { stepId, error, webhookEventId, flowJobId } = failure;
  const subject = turnId === null ? `event:${webhookEventId}` : `turn:${turnId}`;
  return {
    severity: severityOf(error.name),
    kind: "step_failed",
    alertKey: `step_failed:${subject}:${stepId}`,
    fingerprint: `step_failed:${chatbot?.id}:${stepId}:${error.name}`,
    summary: summaryOf(failure),
    details: {
      flow: FLOW_PATH,
      step: stepId,
      chatbot: chatbot?.name ?? null,
      error: error.name,
      webhook_event_id: webhookEventId,
      flow_job_id: flowJobId,
      turn_id: turnId,
    },
    flowJobId,
    turnId,
  };
}

function summaryOf(failure: Failure): string {
  return `The step ${failure.stepId} failed: ${failure.error.message.slice(0, 1_000)}`;
}

/** Windmill says ExecutionErr of a process that was killed, and also of one that took too long, which may repeat. */
function isPassing({ error: { name, message } }: Failure): boolean {
  if (name === "ExecutionErr") return message.includes("terminated by signal");
  return name === "DatabaseUnavailableError" || name === "WindmillUnavailableError";
}

function reasonOf({ stepId, error }: Failure): string {
  return maskSecrets(`${stepId}: ${error.name}: ${error.message.slice(0, 1_000)}`);
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    // started by hand with plain words: they are the message
    return { message: json };
  }
}
