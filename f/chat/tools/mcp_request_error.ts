import type * as library from "@modelcontextprotocol/client";
import { PublicHttpError } from "../../platform/public_http_errors.ts";

/** MCP's client. It is loaded where a server is spoken to, and only there are its classes known. */
export type McpLibrary = typeof library;

/** A request to an MCP server went wrong. The message is what MCP's client says, and `cause` its error. */
export class McpRequestError extends Error {
  override readonly name = "McpRequestError";
  /** the HTTP status that it ended with */
  readonly status: number | undefined;
  /** of the JSON-RPC error that the server answered with */
  readonly code: number | undefined;
  /** for the operator; what the server wrote is left out, since it may repeat our headers */
  readonly reason: string;

  constructor(library: McpLibrary, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.status = statusOf(library, cause);
    this.code = cause instanceof library.ProtocolError ? cause.code : undefined;
    this.reason = reasonOf(library, cause);
  }
}

function reasonOf(library: McpLibrary, error: unknown): string {
  const { ProtocolError, SdkError, SdkHttpError, SseError } = library;
  if (error instanceof PublicHttpError) return error.message;
  if (error instanceof SdkHttpError) return `it answered with status ${error.status}.`;
  if (error instanceof SseError) return `it answered with status ${error.code ?? "none"}.`;
  if (error instanceof ProtocolError) return `it answered with the error ${error.code}.`;
  if (error instanceof Error && error.cause !== undefined) return reasonOf(library, error.cause);
  if (error instanceof SdkError) return `${error.code}.`;
  return error instanceof Error ? `${error.name}.` : "for no known reason.";
}

function statusOf(library: McpLibrary, error: unknown): number | undefined {
  if (error instanceof library.SdkHttpError) return error.status;
  if (error instanceof library.SseError) return error.code;
  return error instanceof Error && error.cause !== undefined
    ? statusOf(library, error.cause)
    : undefined;
}
