import { randomBytes } from "node:crypto";
import type { Response } from "express";

/** The titles of the codes that this stand-in answers by itself or on request, as Meta lists them. */
const TITLES: Record<number, string> = {
  1: "API Unknown",
  2: "API Service",
  4: "API Too Many Calls",
  100: "Invalid parameter",
  190: "Access token has expired",
  368: "Temporarily blocked for policies violations",
  80007: "Rate limit issues",
  130429: "Rate limit hit",
  131000: "Something went wrong",
  131005: "Access denied",
  131008: "Required parameter is missing",
  131009: "Parameter value is not valid",
  131016: "Service unavailable",
  131026: "Message undeliverable",
  131030: "Recipient phone number not in allowed list",
  131047: "Re-engagement message",
  131048: "Spam rate limit hit",
  131051: "Unsupported message type",
  131053: "Media upload error",
  131056: "(Business Account, Consumer Account) pair rate limit hit",
  131057: "Account in maintenance mode",
};

export function titleOf(code: number): string {
  return TITLES[code] ?? "Something went wrong";
}

/** A refusal in the words of the Graph API. */
export class GraphError extends Error {
  override readonly name = "GraphError";
  readonly code: number;
  readonly details: string;
  readonly status: number;
  readonly subcode: number | undefined;

  constructor(options: { code: number; details: string; status?: number; subcode?: number }) {
    super(`(#${options.code}) ${titleOf(options.code)}`);
    this.code = options.code;
    this.details = options.details;
    this.status = options.status ?? (options.code === 190 ? 401 : 400);
    this.subcode = options.subcode;
  }
}

export function sendGraphError(res: Response, error: GraphError): void {
  res.status(error.status).json({
    error: {
      message: error.message,
      type: "OAuthException",
      code: error.code,
      ...(error.subcode === undefined ? {} : { error_subcode: error.subcode }),
      error_data: { messaging_product: "whatsapp", details: error.details },
      fbtrace_id: randomBytes(8).toString("base64url"),
    },
  });
}

/** The same refusal as it arrives later, in a status or in a message of type `unsupported`. */
export function webhookError(code: number, details: string) {
  return {
    code,
    title: titleOf(code),
    message: titleOf(code),
    error_data: { details },
    href: "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
  };
}
