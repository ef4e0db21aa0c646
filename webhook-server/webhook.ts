import express, { type Express, type Request, type Response } from "express";
import type { Logger } from "pino";
import type { BackgroundWork } from "./background_work.ts";
import type { Config } from "./config.ts";
import { eventsOfWebhook } from "./events_of_webhook.ts";
import type { Inbox, WaitingMessage } from "./inbox.ts";
import type { Metrics } from "./metrics.ts";
import { isSignedBy, looksLikeSignature } from "./signature.ts";
import { startFlows } from "./start_flows.ts";
import type { UnsignedLimiter } from "./unsigned_limiter.ts";
import type { WebhookEvent } from "./webhook_event.ts";
import type { Windmill } from "./windmill.ts";

/** Meta: a payload has at most 3 MB. */
export const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface WebhookDeps {
  inbox: Inbox;
  windmill: Windmill;
  metrics: Metrics;
  limiter: UnsignedLimiter;
  background: BackgroundWork;
  log: Logger;
}

/**
 * `POST /webhook`. From the signature on, the only answers are 200, once the events are committed,
 * and 5xx: Meta redelivers both a 4xx and a 5xx for days, but a 4xx would never turn into a 200.
 */
export function installWebhook(
  app: Express,
  config: Pick<Config, "appSecrets">,
  deps: WebhookDeps,
): void {
  app.post(
    "/webhook",
    async (request, response, next) => {
      response.once("finish", () => deps.metrics.responses.inc({ status: response.statusCode }));
      // without a signature its body is not worth reading
      if (looksLikeSignature(signatureOf(request))) next();
      else await rejectUnsigned(request, response, "missing", deps);
    },
    // inflate would spend memory on a stranger's compressed body before its signature is checked
    express.raw({ type: () => true, limit: MAX_BODY_BYTES, inflate: false }),
    async (request, response) => {
      const body: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      if (!isSignedBy(config.appSecrets, body, signatureOf(request))) {
        return rejectUnsigned(request, response, "wrong", deps);
      }
      const waiting = await commit(eventsOfWebhook(body), deps);
      // without a body: Meta reads the status only, and making one costs as much as checking a signature
      response.status(200).end();
      deps.background.add(startFlows(waiting, deps));
    },
  );
}

function signatureOf(request: Request): string | undefined {
  return request.get("x-hub-signature-256");
}

async function rejectUnsigned(
  request: Request,
  response: Response,
  reason: "missing" | "wrong",
  deps: WebhookDeps,
): Promise<void> {
  deps.metrics.rejectedSignatures.inc({ reason });
  const retryAfterSeconds = await deps.limiter.count(request.ip ?? "unknown");
  // the rest of the body, if any, stays unread
  response.set("Connection", "close");
  if (retryAfterSeconds === null) {
    deps.log.warn({ reason, address: request.ip }, "rejected a POST without a valid signature");
    response.status(401).type("text/plain").send("X-Hub-Signature-256 is missing or wrong.\n");
  } else {
    // not logged: the limit is there so that a stranger cannot fill the log
    response.set("Retry-After", String(retryAfterSeconds));
    response.status(429).type("text/plain").send("Too many POSTs without a valid signature.\n");
  }
}

async function commit(events: WebhookEvent[], deps: WebhookDeps): Promise<WaitingMessage[]> {
  for (const event of events) deps.metrics.events.inc({ kind: event.kind });
  const stop = deps.metrics.commitSeconds.startTimer();
  try {
    const waiting = await deps.inbox.record(events);
    deps.metrics.repeatedMessages.inc(waiting.filter((message) => !message.isNew).length);
    return waiting;
  } finally {
    stop();
  }
}
