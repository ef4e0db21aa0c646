import type { Response } from "express";

/** A refusal in Google's words. */
export class GoogleError extends Error {
  override readonly name = "GoogleError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

const STATUS_NAMES: ReadonlyMap<number, string> = new Map([
  [400, "INVALID_ARGUMENT"],
  [403, "PERMISSION_DENIED"],
  [404, "NOT_FOUND"],
  [429, "RESOURCE_EXHAUSTED"],
  [500, "INTERNAL"],
  [503, "UNAVAILABLE"],
  [504, "DEADLINE_EXCEEDED"],
]);

/** Google says in the body what others say in the header retry-after. */
export function sendGoogleError(res: Response, error: { status: number; message: string }): void {
  const seconds = res.getHeader("retry-after");
  res.removeHeader("retry-after");
  const retryInfo = {
    "@type": "type.googleapis.com/google.rpc.RetryInfo",
    retryDelay: `${String(seconds)}s`,
  };
  res.status(error.status).json({
    error: {
      code: error.status,
      message: error.message,
      status: STATUS_NAMES.get(error.status) ?? "UNKNOWN",
      ...(seconds === undefined ? {} : { details: [retryInfo] }),
    },
  });
}
