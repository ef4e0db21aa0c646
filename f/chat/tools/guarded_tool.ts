import { v5 as uuidV5 } from "uuid";
import { type Alert, recordAlert } from "../../platform/alerts.ts";
import { type Database, withTenant } from "../../platform/postgres.ts";
import { untilAborted } from "../agent/execute_tool_calls.ts";
import { type Tool, ToolArgumentsError } from "../agent/types.ts";
import type { IntegrationTool } from "./load_tools.ts";
import { definitionHash } from "./tool_definitions.ts";
import { enterGate, type GatedTool, leaveGate } from "./tool_gate.ts";
import { toolName } from "./tool_name.ts";
import type { Integration } from "./tool_settings.ts";
import { validateArguments } from "./validate_arguments.ts";

/** Whose turn a tool works for: bound here, and never the model's to say. */
export interface ToolScope {
  readonly organizationId: string;
  readonly chatbotId: string;
  readonly turnId: string;
}

const CALLS_PER_MINUTE = 60;
const MAX_CALLS_PER_MINUTE = 10_000;

/** An integration's tool as a model gets it: under its integration's name, its arguments checked, its calls counted. */
export function guardedTool(
  database: Database,
  scope: ToolScope,
  integration: Integration,
  tool: IntegrationTool,
): Tool {
  const gated: GatedTool = {
    organizationId: scope.organizationId,
    integrationId: integration.id,
    toolName: tool.definition.name,
    hash: definitionHash(tool.definition),
    callsPerMinute: callsPerMinute(integration.settings),
  };
  const name = toolName(integration.name, tool.definition.name);
  return {
    definition: { ...tool.definition, name },
    integrationId: integration.id,
    async run(args, signal) {
      validateArguments(tool.definition.parameters, args);
      await enterGate(database, gated);
      const idempotencyKey = idempotencyKeyOf(scope.turnId, name, args);
      try {
        // a tool that ignores its signal is one that hangs
        const result = await untilAborted(tool.run(args, signal, { idempotencyKey }), signal);
        await leaveGate(database, gated, "well");
        return result;
      } catch (error) {
        // what the server says of the arguments is no sign that it is down
        const isDown = !(error instanceof ToolArgumentsError);
        const isClosed = await leaveGate(database, gated, isDown ? "wrong" : "well");
        if (isClosed) await alertOutOfOrder(database, scope, integration, name);
        throw error;
      }
    },
  };
}

const NAMESPACE = "5f2f8f0a-5a0e-4d6c-9a3e-3b1f6f0d2c71";

/** The same for the same call of the same turn, so that a restarted job does not book twice. */
function idempotencyKeyOf(turnId: string, name: string, args: unknown): string {
  return uuidV5(JSON.stringify([turnId, name, args]), NAMESPACE);
}

function callsPerMinute({ calls_per_minute }: Readonly<Record<string, unknown>>): number {
  if (!Number.isInteger(calls_per_minute)) return CALLS_PER_MINUTE;
  return Math.min(Math.max(Number(calls_per_minute), 0), MAX_CALLS_PER_MINUTE);
}

function alertOutOfOrder(
  database: Database,
  scope: ToolScope,
  integration: Integration,
  name: string,
): Promise<void> {
  const alert: Alert = {
    severity: "error",
    kind: "tool_out_of_order",
    alertKey: `tool_out_of_order:${integration.id}:${name}:${scope.turnId}`,
    fingerprint: `tool_out_of_order:${integration.id}:${name}`,
    summary: `The tool ${name} failed again and again. It is not called for a minute, and then tried once. See recent_tool_failures.`,
    details: { integration: integration.name, tool: name },
    flowJobId: null,
    turnId: scope.turnId,
  };
  return withTenant(database, scope.organizationId, (tenant) => recordAlert(tenant, alert));
}
