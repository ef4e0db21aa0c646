import express, { type ErrorRequestHandler, type Express } from "express";
import { z } from "zod";
import type { PhoneDeps } from "./phone_deps.ts";

const typed = z.strictObject({ text: z.string().trim().min(1).max(4096) });

/** JSON only: a form on another site cannot send that without asking first. */
export function installMessages(app: Express, deps: PhoneDeps): void {
  app.post("/messages", express.json(), (req, res) => {
    const { text } = typed.parse(req.body);
    const { chatbot, contact } = deps.select(req);
    deps.whatsapp.contactSends({ phoneNumberId: chatbot.phoneNumberId, contact, text });
    res.sendStatus(204);
  });
}

/** The file as the body, its name in the query; 10 MB as in production. */
export function installDocuments(app: Express, deps: PhoneDeps): void {
  const body = express.raw({ type: "application/octet-stream", limit: "10mb" });
  app.post("/documents", body, (req, res) => {
    const name = z.string().min(1).max(255).parse(req.query.name);
    const content = z.instanceof(Uint8Array).parse(req.body);
    void deps.uploads.add(deps.select(req).chatbot.chatbotId, { name, content });
    res.sendStatus(202);
  });
}

export function installErrors(app: Express): void {
  const handler: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    const refused = error instanceof z.ZodError;
    const message = refused ? z.prettifyError(error) : String(error);
    const status = z.object({ status: z.int().min(400).max(499) }).safeParse(error).data?.status;
    res
      .status(refused ? 400 : (status ?? 500))
      .type("text/plain")
      .send(message);
  };
  app.use(handler);
}
