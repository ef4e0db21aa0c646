import type { Response } from "express";

/** A refusal in OpenAI's words; `param` names the field that it is about. */
export class OpenAiError extends Error {
  override readonly name = "OpenAiError";
  readonly status: number;
  readonly code: string | null;
  readonly param: string | null;

  constructor(status: number, message: string, about: { code?: string; param?: string } = {}) {
    super(message);
    this.status = status;
    this.code = about.code ?? null;
    this.param = about.param ?? null;
  }
}

export function sendOpenAiError(res: Response, error: OpenAiError): void {
  res.status(error.status).json({
    error: {
      message: error.message,
      type: typeOf(error.status),
      param: error.param,
      code: error.code,
    },
  });
}

function typeOf(status: number): string {
  if (status === 429) return "requests";
  if (status >= 500) return "server_error";
  return "invalid_request_error";
}
