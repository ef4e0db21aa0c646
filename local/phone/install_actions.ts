import express, { type ErrorRequestHandler, type Express, type Request } from "express";
import { z } from "zod";
import { MAX_FILE_BYTES } from "../../f/knowledge/upload_request.ts";
import type { PhoneDeps } from "./phone_deps.ts";

const TOO_LONG = "A message has at most 4096 characters.";

/** What a refusal says is shown on the page as it is. */
const typed = z.strictObject(
  {
    text: z
      .string("A message is a text.")
      .trim()
      .min(1, "A message needs at least one character.")
      .max(4096, TOO_LONG),
  },
  'A message is sent as JSON: {"text": "…"}.',
);
const fileName = z
  .string("A file needs a name.")
  .trim()
  .min(1, "A file needs a name.")
  .max(200, "The file's name is longer than 200 characters.");

/** JSON only: a form on another site cannot send that without asking first. */
export function installMessages(app: Express, deps: PhoneDeps): void {
  app.post("/messages", express.json(), (req, res) => {
    const { text } = typed.parse(req.body);
    const { chatbot, contact } = deps.select(req);
    deps.whatsapp.contactSends({ phoneNumberId: chatbot.phoneNumberId, contact, text });
    res.sendStatus(204);
  });
  app.use(
    "/messages",
    refuseTooLarge(() => TOO_LONG),
  );
}

/** The file as the body, its name in the query; as large as in production. */
export function installDocuments(app: Express, deps: PhoneDeps): void {
  const body = express.raw({ type: "application/octet-stream", limit: MAX_FILE_BYTES });
  app.post("/documents", body, (req, res) => {
    const name = fileName.parse(req.query.name);
    const content = z
      .instanceof(Uint8Array, { error: "A file is sent as application/octet-stream." })
      .refine(({ length }) => length > 0, `${name} is empty.`)
      .parse(req.body);
    void deps.uploads.add(deps.select(req).chatbot.chatbotId, { name, content });
    res.sendStatus(202);
  });
  app.use(
    "/documents",
    refuseTooLarge((req) => `${fileName.parse(req.query.name)} is larger than 10 MB.`),
  );
}

/** body-parser's own sentence names neither the file nor the limit. */
function refuseTooLarge(sentence: (req: Request) => string): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    if (statusOf(error) === 413) res.status(413).type("text/plain").send(sentence(req));
    else next(error);
  };
}

export function installErrors(app: Express): void {
  const handler: ErrorRequestHandler = (error: unknown, _req, res, _next) => {
    const refused = error instanceof z.ZodError;
    const message = refused
      ? error.issues.map((issue) => issue.message).join(" ")
      : error instanceof Error
        ? error.message
        : String(error);
    res
      .status(refused ? 400 : (statusOf(error) ?? 500))
      .type("text/plain")
      .send(message);
  };
  app.use(handler);
}

/** The status with which Express and its body parsers refuse a request. */
function statusOf(error: unknown): number | undefined {
  return z.object({ status: z.int().min(400).max(499) }).safeParse(error).data?.status;
}
