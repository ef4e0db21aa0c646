/** An answer that is not a success: Windmill sends the status and a sentence as text/plain. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string, cause?: unknown) {
    super(message, { cause });
    this.name = "HttpError";
    this.status = status;
  }
}

/** Windmill's prefixes of its error texts (windmill-common error.rs). */
export const badRequest = (problem: string) => new HttpError(400, `Bad request: ${problem}`);
export const notFound = (problem: string) => new HttpError(404, `Not found: ${problem}`);
export const notSupported = (what: string) =>
  new HttpError(501, `The local Windmill does not support ${what}.`);
