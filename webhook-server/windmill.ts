import { type Dispatcher, Pool } from "undici";
import { v5 as uuidV5 } from "uuid";
import type { WindmillConfig } from "./config.ts";
import type { WaitingMessage } from "./inbox.ts";

const FLOW_PATH = "f/chat/whatsapp_webhook_processor";
/** Any fixed uuid: it only keeps our job ids apart from other users of uuid v5. */
const JOB_ID_NAMESPACE = "6f0b7c3e-4f0c-4c3f-9d0e-0d5a3b1c7e52";
const TIMEOUT_MILLISECONDS = 5_000;
const MAX_CONNECTIONS = 32;
const MAX_ANSWER_BYTES = 64 * 1_024;

export type FlowStart = "started" | "already_started";

export interface Windmill {
  /** @throws {FlowStartError} */
  startFlow(message: WaitingMessage): Promise<FlowStart>;
  isReachable(): Promise<boolean>;
  /** Ends the connections that are kept for the next start. */
  close(): Promise<void>;
}

export class FlowStartError extends Error {
  override readonly name = "FlowStartError";
  readonly webhookEventId: number;
  /** undefined when Windmill gave no answer. */
  readonly status: number | undefined;

  constructor(webhookEventId: number, problem: { status: number } | { cause: unknown }) {
    const status = "status" in problem ? problem.status : undefined;
    super(
      `Windmill ${status === undefined ? "gave no answer" : `answered ${status}`} to the start of ` +
        `${FLOW_PATH} for webhook event ${webhookEventId}. The inbox keeps the event.`,
      "cause" in problem ? { cause: problem.cause } : {},
    );
    this.webhookEventId = webhookEventId;
    this.status = status;
  }
}

/**
 * The same for every delivery of the same message, so Windmill refuses to run it twice. Made from
 * Meta's ids and not from ours: a restored database would hand those out again.
 */
export function jobIdOf(message: Pick<WaitingMessage, "phoneNumberId" | "externalId">): string {
  return uuidV5(`${message.phoneNumberId}/${message.externalId}`, JOB_ID_NAMESPACE);
}

/** By undici's own pool: a start by node:http costs twice the processor time (40 to 20 µs). */
export function connectWindmill(config: WindmillConfig, now: () => number = Date.now): Windmill {
  const { origin, pathname } = new URL(config.baseUrl);
  const pool = new Pool(origin, {
    connections: MAX_CONNECTIONS,
    connectTimeout: TIMEOUT_MILLISECONDS,
    headersTimeout: TIMEOUT_MILLISECONDS,
    bodyTimeout: TIMEOUT_MILLISECONDS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const flowUrl = `${pathname.replace(/\/$/, "")}/api/w/${config.workspace}/jobs/run/f/${FLOW_PATH}`;
  const headers = {
    authorization: `Bearer ${config.token}`,
    "content-type": "application/json",
  };
  return {
    async startFlow(message) {
      const path = `${flowUrl}?${startParameters(message, now())}`;
      const body = JSON.stringify({ webhook_event_id: message.webhookEventId });
      const answer = await answerTo(pool, { method: "POST", path, headers, body }).catch(
        (cause: unknown) => {
          throw new FlowStartError(message.webhookEventId, { cause });
        },
      );
      return flowStartOf(message, answer);
    },
    isReachable: () => isReachable(config),
    close: () => pool.destroy(),
  };
}

function startParameters(message: WaitingMessage, now: number): string {
  const jobId = `job_id=${jobIdOf(message)}`;
  if (message.startAfterSeconds === 0) return jobId;
  // not scheduled_in_secs: Windmill reads it as i64 (windmill-api-jobs/src/types.rs RunJobQuery)
  // and refuses 1.5
  const start = new Date(now + message.startAfterSeconds * 1_000);
  return `${jobId}&scheduled_for=${start.toISOString()}`;
}

interface Answer {
  status: number;
  text: string;
}

async function answerTo(pool: Pool, request: Dispatcher.RequestOptions): Promise<Answer> {
  const { statusCode, body } = await pool.request(request);
  return { status: statusCode, text: await body.text() };
}

function flowStartOf(message: WaitingMessage, { status, text }: Answer): FlowStart {
  if (status >= 200 && status <= 299) return "started";
  if (status === 400 && saysAlreadyStarted(text)) return "already_started";
  throw new FlowStartError(message.webhookEventId, { status });
}

/** The second wording is of two starts at the same moment, which meet at the queue's primary key. */
function saysAlreadyStarted(answer: string): boolean {
  return /already exists|duplicate key/i.test(answer);
}

async function isReachable(config: WindmillConfig): Promise<boolean> {
  try {
    const response = await fetch(`${config.baseUrl}/api/version`, {
      redirect: "error",
      signal: AbortSignal.timeout(2_000),
    });
    await response.body?.cancel();
    return response.ok;
  } catch {
    return false;
  }
}
