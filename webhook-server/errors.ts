import type { ErrorRequestHandler, Express } from "express";
import type { Logger } from "pino";
import { z } from "zod";
import { InboxUnavailableError } from "./inbox.ts";

/** How express.raw refuses a body: too large, compressed, or cut short. */
const refusedBody = z.object({ type: z.string(), status: z.number().int().min(400).max(499) });

/** Express knows an error handler by its four parameters. It answers nothing about the inside. */
export function installErrors(app: Express, deps: { log: Logger }): void {
  const handleError: ErrorRequestHandler = (error, request, response, _next) => {
    const refused = refusedBody.safeParse(error);
    // an unread rest of a body must not be taken for the next request
    response.set("Connection", "close").type("text/plain");
    if (refused.success) {
      deps.log.warn({ reason: refused.data.type, address: request.ip }, "refused a body");
      response.status(refused.data.status).send(`${refused.data.type}\n`);
      return;
    }
    deps.log.error({ err: error, path: request.path }, "could not answer");
    const status = error instanceof InboxUnavailableError ? 503 : 500;
    response.status(status).send("Try again later.\n");
  };
  app.use(handleError);
}
