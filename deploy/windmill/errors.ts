/** What a sentence of Windmill's may take in a message of ours. */
const MAX_ANSWER_CHARACTERS = 300;

/** Windmill refused. Its texts name paths and roles, never a value. */
export class WindmillRefusedError extends Error {
  override readonly name = "WindmillRefusedError";
  readonly status: number;
  readonly request: string;
  readonly answer: string;

  constructor(request: string, status: number, answer: string) {
    super(`Windmill answered ${status} to ${request}: ${answer.slice(0, MAX_ANSWER_CHARACTERS)}`);
    this.status = status;
    this.request = request;
    this.answer = answer;
  }
}

/** Windmill gave no answer that could be read. */
export class WindmillUnreachableError extends Error {
  override readonly name = "WindmillUnreachableError";
  readonly url: string;

  constructor(url: string, request: string, cause: unknown) {
    const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
    super(`Windmill at ${url} gave no answer to ${request}: ${reason}`, { cause });
    this.url = url;
  }
}

/** Node's fetch says "fetch failed" and keeps why to itself. */
function reasonOf(error: Error): string {
  if (!(error.cause instanceof Error)) return error.message;
  return error.cause.message || String("code" in error.cause ? error.cause.code : error.cause.name);
}
