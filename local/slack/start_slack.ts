import { randomBytes } from "node:crypto";
import express, { type ErrorRequestHandler, type Express } from "express";
import { z } from "zod";
import { listen } from "../listen.ts";

const MOST_BLOCKS = 50;

const slackMessage = z
  .object({
    text: z.string().min(1).optional(),
    blocks: z
      .array(z.looseObject({ type: z.string() }))
      .min(1)
      .max(MOST_BLOCKS)
      .optional(),
    attachments: z.array(z.looseObject({})).optional(),
  })
  .loose();

export type SlackMessage = z.infer<typeof slackMessage>;

export interface SlackOptions {
  /** 0 takes a free one. */
  port: number;
}

export interface SlackStandIn {
  webhookUrl: string;
  /** What was posted and accepted, in order. */
  messages: SlackMessage[];
  /** The next post is answered like this, e.g. `{status: 429, body: "rate_limited"}`. */
  failNext(answer: SlackAnswer): void;
  stop(): Promise<void>;
}

interface SlackAnswer {
  status: number;
  body: string;
}

/** A Slack incoming webhook on 127.0.0.1, answering in Slack's one-word bodies. */
export async function startSlack(options: SlackOptions): Promise<SlackStandIn> {
  const path = `/services/T00000000/B00000000/${randomBytes(12).toString("hex")}`;
  const messages: SlackMessage[] = [];
  const failures: SlackAnswer[] = [];
  const app = express().disable("x-powered-by");
  app.use(express.json({ limit: "1mb" }));
  app.post(path, (req, res) => {
    const answer = failures.shift() ?? judge(req.body);
    if (answer.status === 200) messages.push(slackMessage.parse(req.body));
    res.status(answer.status).type("text/plain").send(answer.body);
  });
  installErrors(app);
  const server = await listen(app, options.port);
  return {
    webhookUrl: `${server.url}${path}`,
    messages,
    failNext: (answer) => void failures.push(answer),
    stop: server.close,
  };
}

/** The one-word answers of Slack's incoming webhooks. */
function judge(body: unknown): SlackAnswer {
  if (!z.record(z.string(), z.unknown()).safeParse(body).success) {
    return { status: 400, body: "invalid_payload" };
  }
  const parsed = slackMessage.safeParse(body);
  if (!parsed.success) {
    const field = parsed.error.issues[0]?.path[0];
    return { status: 400, body: field === "blocks" ? "invalid_blocks" : "invalid_payload" };
  }
  const { text, blocks, attachments } = parsed.data;
  const says = text !== undefined || blocks !== undefined || attachments !== undefined;
  return says ? { status: 200, body: "ok" } : { status: 400, body: "no_text" };
}

function installErrors(app: Express): void {
  app.use((_req, res) => void res.status(403).type("text/plain").send("invalid_token"));
  // Only the JSON parser throws here.
  const handler: ErrorRequestHandler = (_error, _req, res, _next) => {
    res.status(400).type("text/plain").send("invalid_payload");
  };
  app.use(handler);
}
