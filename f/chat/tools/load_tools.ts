import type { ToolDefinition } from "../../platform/models.ts";
import { type Database, withTenant } from "../../platform/postgres.ts";
import { untilAborted } from "../agent/execute_tool_calls.ts";
import type { Tool, ToolResult } from "../agent/types.ts";
import { guardedTool, type ToolScope } from "./guarded_tool.ts";
import { approvedOf, type Defined } from "./tool_definitions.ts";
import type { Integration } from "./tool_settings.ts";

/** All are opened at once: what hangs costs a turn this and no more, however many hang. */
const OPEN_TIMEOUT_MS = 5_000;
/** OpenAI refuses a request with more than 128; a chatbot has some of its own. */
const MAX_TOOLS = 100;

/** A tool by the name that its integration gives it. */
export interface IntegrationTool {
  readonly definition: ToolDefinition;
  /** `args` fit the definition's parameters. Throws ToolArgumentsError when they are refused all the same. */
  run(args: unknown, signal: AbortSignal, call: IntegrationCall): Promise<ToolResult>;
}

export interface IntegrationCall {
  /** the same when a job that died makes the call again */
  readonly idempotencyKey: string;
}

export interface OfferedTool {
  readonly tool: IntegrationTool;
  /** decided by the integration's settings: what a server says of itself proves nothing */
  readonly access: "read" | "write";
}

/** Makes an integration's tools. Throws when it cannot; has to end when the signal aborts. */
export type OpenIntegration = (
  integration: Integration,
  signal: AbortSignal,
) => Promise<readonly OfferedTool[]>;

/** One for each kind that this installation can open. */
export type Openers = Partial<Record<Integration["kind"], OpenIntegration>>;

export interface LoadedTools {
  /** sorted by name: providers cache what begins alike */
  readonly tools: readonly Tool[];
  /** whose tools are missing, and why */
  readonly failures: readonly { readonly integration: Integration; readonly cause: unknown }[];
}

/** No opener is installed for an integration's kind. */
export class UnknownKindError extends Error {
  override readonly name = "UnknownKindError";

  constructor({ name, kind }: Integration) {
    super(
      `The integration ${name} is of kind ${kind}, which cannot be opened here. Switch it off.`,
    );
  }
}

/** With an integration's tools the chatbot would have more than a model may be given. */
export class TooManyToolsError extends Error {
  override readonly name = "TooManyToolsError";

  constructor({ name }: Integration, tools: number) {
    super(
      `The integration ${name} brings ${tools} tools, and a chatbot may have ${MAX_TOOLS} of all its integrations. Switch one of them off for it.`,
    );
  }
}

/** The tools of these integrations. One that fails or hangs costs the others nothing. */
export async function loadTools(
  database: Database,
  scope: ToolScope,
  integrations: readonly Integration[],
  openers: Openers,
  timeoutMs = OPEN_TIMEOUT_MS,
): Promise<LoadedTools> {
  const opened = await Promise.allSettled(
    integrations.map((integration) => openOne(integration, openers, timeoutMs)),
  );
  const offered: OpenedTool[] = [];
  const failures: { integration: Integration; cause: unknown }[] = [];
  for (const [index, integration] of integrations.entries()) {
    const result = opened[index];
    if (result?.status !== "fulfilled") {
      failures.push({ integration, cause: result?.reason });
    } else if (offered.length + result.value.length > MAX_TOOLS) {
      const cause = new TooManyToolsError(integration, result.value.length);
      failures.push({ integration, cause });
    } else {
      offered.push(...result.value);
    }
  }
  const approved =
    offered.length === 0
      ? []
      : await withTenant(database, scope.organizationId, (tenant) => approvedOf(tenant, offered));
  const tools = approved.map(({ integration, tool }) =>
    guardedTool(database, scope, integration, tool),
  );
  return {
    tools: tools.toSorted((a, b) => (a.definition.name < b.definition.name ? -1 : 1)),
    failures,
  };
}

interface OpenedTool extends Defined {
  readonly integration: Integration;
  readonly tool: IntegrationTool;
}

async function openOne(
  integration: Integration,
  openers: Openers,
  timeoutMs: number,
): Promise<OpenedTool[]> {
  const open = openers[integration.kind];
  if (!open) throw new UnknownKindError(integration);
  const signal = AbortSignal.timeout(timeoutMs);
  const offered = await untilAborted(open(integration, signal), signal);
  return offered
    .filter(({ access }) => access === "read" || integration.permission === "write")
    .map(({ tool }) => ({
      integrationId: integration.id,
      integrationName: integration.name,
      definition: tool.definition,
      integration,
      tool,
    }));
}
