import express from "express";
import { listen } from "../../../local/listen.ts";

export interface ReceivedWebhook {
  /** The bytes as they came, in ASCII. */
  raw: string;
  signature: string | undefined;
}

/** The receiving end of webhooks: verifies like an ingress, records, answers what the test says. */
export async function startWebhookReceiver(verifyToken: string) {
  const webhooks: ReceivedWebhook[] = [];
  const answers: number[] = [];
  const app = express();
  app.get("/webhook", (req, res) => {
    const ok = req.query["hub.verify_token"] === verifyToken;
    res.status(ok ? 200 : 403).send(ok ? String(req.query["hub.challenge"]) : "");
  });
  app.post("/webhook", express.raw({ type: () => true, limit: "4mb" }), (req, res) => {
    webhooks.push({ raw: String(req.body), signature: req.get("x-hub-signature-256") });
    res.sendStatus(answers.shift() ?? 200);
  });
  const server = await listen(app, 0);
  return {
    url: `${server.url}/webhook`,
    webhooks,
    /** The statuses of the next answers; 200 after them. */
    answerNext: (...statuses: number[]) => void answers.push(...statuses),
    stop: server.close,
  };
}
