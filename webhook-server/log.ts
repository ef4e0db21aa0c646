import { DatabaseError } from "pg";
import { type Logger, type LoggerOptions, pino } from "pino";

/**
 * Many lines share a write, and no request waits for it: a write for each commit was 5 % of the ingress' time under
 * load, and a reader that is slow would have held up the answers. Pino writes what is left when the process exits.
 */
const DESTINATION = { sync: false, minLength: 4_096, periodicFlush: 250 };

/**
 * JSON lines on standard output. No body, phone number, wamid (it contains the phone number) or
 * secret belongs in a line; the redaction below is the second lock, not the first.
 */
export function makeLog(level: string): Logger {
  const options: LoggerOptions = {
    level,
    base: { service: "webhook-server" },
    serializers: { err: loggedError },
    redact: {
      paths: [
        "authorization",
        "token",
        "password",
        "body",
        "payload",
        "from",
        "wa_id",
        "sender",
      ].flatMap((name) => [name, `*.${name}`]),
      censor: "[redacted]",
    },
  };
  return pino(options, pino.destination(DESTINATION));
}

/**
 * What of an error may be logged. PostgreSQL quotes the refused row in its message and detail,
 * and that row holds what a contact wrote.
 */
export function loggedError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { type: typeof error };
  if (error instanceof DatabaseError) {
    return { type: "DatabaseError", code: error.code, constraint: error.constraint };
  }
  return {
    type: error.name,
    message: error.message,
    ...("code" in error ? { code: error.code } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: loggedError(error.cause) }),
  };
}
