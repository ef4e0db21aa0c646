import { PublicHttpError } from "../../platform/public_http_errors.ts";
import { McpRequestError } from "./mcp_request_error.ts";

/** An integration with an MCP server could not be used. Each subclass says why. */
export abstract class McpError extends Error {
  readonly integration: string;

  constructor(integration: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.integration = integration;
  }
}

/** Its row in org_integrations does not say how to reach a server. The message never holds a credential. */
export class McpSettingsError extends McpError {
  override readonly name = "McpSettingsError";

  constructor(integration: string, problem: string, options?: ErrorOptions) {
    super(integration, `The integration ${integration} is not usable: ${problem}.`, options);
  }
}

/** The server could not be reached or did not answer as MCP wants. */
export class McpUnavailableError extends McpError {
  override readonly name = "McpUnavailableError";

  constructor(integration: string, cause: unknown) {
    super(integration, `The MCP server of ${integration} did not do it: ${reasonOf(cause)}`, {
      cause,
    });
  }
}

/** It failed a moment ago and is left alone for a while, so that not every turn waits for it. */
export class McpRestingError extends McpError {
  override readonly name = "McpRestingError";
  readonly failedAt: Date;

  constructor(integration: string, failedAt: Date) {
    super(
      integration,
      `The MCP server of ${integration} failed at ${failedAt.toISOString()} and is asked again a minute later.`,
    );
    this.failedAt = failedAt;
  }
}

/** It lists more than a model should be shown. */
export class McpToolListTooLargeError extends McpError {
  override readonly name = "McpToolListTooLargeError";

  constructor(integration: string, what: string) {
    super(integration, `The MCP server of ${integration} lists ${what}: let it offer fewer tools.`);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof PublicHttpError) return error.message;
  if (error instanceof McpRequestError) return error.reason;
  if (error instanceof Error && error.cause !== undefined) return reasonOf(error.cause);
  return error instanceof Error ? `${error.name}.` : "for no known reason.";
}

/** The HTTP status that a request to an MCP server ended with. */
export function statusOf(error: unknown): number | undefined {
  return error instanceof McpRequestError ? error.status : undefined;
}
