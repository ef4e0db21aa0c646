import { createHash } from "node:crypto";
import * as z from "zod/v4";
import { isAllowedPrivate, type PublicHttpPolicy } from "../../platform/public_http_target.ts";
import { decryptCredential, type KeySet } from "../../platform/secrets.ts";
import { McpSettingsError } from "./mcp_errors.ts";
import type { Integration } from "./tool_settings.ts";

/** An MCP server as an integration describes it. */
export interface McpServer {
  readonly integrationId: string;
  readonly name: string;
  readonly url: URL;
  /** with credentials in clear: never logged, never in an error */
  readonly headers: Readonly<Record<string, string>>;
  /** the tools that only read, by the server's names for them; all others write */
  readonly readTools: ReadonlySet<string>;
  readonly callTimeoutMs: number;
  readonly cacheMinutes: number;
  /** another one when settings or credentials are others */
  readonly hash: string;
}

/** settings of an integration of kind mcp. */
const settingsSchema = z.object({
  url: z.url(),
  /** what a server's own readOnlyHint says is not asked: it could say it of anything */
  read_tools: z.array(z.string()).default([]),
  /** of one call; the agent gives up after 30 s */
  timeout_seconds: z.number().min(1).max(30).default(30),
  /** for which its list of tools is good */
  cache_minutes: z.number().min(1).max(1_440).default(10),
});

/** RFC 9110: a name is a token; a value has no line breaks. */
const credentialsSchema = z.object({
  headers: z.record(
    z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/),
    z.string().regex(/^[\t\x20-\x7e]*$/),
  ),
});

/** @throws McpSettingsError, CredentialError */
export function mcpServerOf(
  integration: Integration,
  organizationId: string,
  { keySet, policy }: { keySet: KeySet; policy: PublicHttpPolicy },
): McpServer {
  const { id, name, settings, credentials } = integration;
  const parsed = settingsSchema.safeParse(settings);
  if (!parsed.success) {
    throw new McpSettingsError(name, z.prettifyError(parsed.error).replaceAll("\n", " "));
  }
  const url = new URL(parsed.data.url);
  if (url.protocol !== "https:" && !isAllowedPrivate(url, policy)) {
    throw new McpSettingsError(name, "its url does not begin with https://");
  }
  return {
    integrationId: id,
    name,
    url,
    headers:
      credentials === null
        ? {}
        : headersOf(
            name,
            decryptCredential(keySet, { organizationId, credentialId: id }, credentials),
          ),
    readTools: new Set(parsed.data.read_tools),
    callTimeoutMs: parsed.data.timeout_seconds * 1_000,
    cacheMinutes: parsed.data.cache_minutes,
    hash: createHash("sha256")
      .update(JSON.stringify([settings, credentials]))
      .digest("hex"),
  };
}

function headersOf(name: string, secret: string): Record<string, string> {
  const parsed = credentialsSchema.safeParse(jsonOf(secret));
  // without the cause: it could quote the secret
  if (!parsed.success) {
    throw new McpSettingsError(name, 'its credentials are not {"headers": {"<name>": "<value>"}}');
  }
  return parsed.data.headers;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // V8 quotes the text, and the text is the secret
    return undefined;
  }
}
