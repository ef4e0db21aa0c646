import type { CallToolResult } from "@modelcontextprotocol/client";
import * as z from "zod/v4";
import type { ToolDefinition } from "../../platform/models.ts";
import { type Database, type Tenant, withTenant } from "../../platform/postgres.ts";
import type { PublicHttpPolicy } from "../../platform/public_http_target.ts";
import type { KeySet } from "../../platform/secrets.ts";
import { ToolArgumentsError, type ToolResult } from "../agent/types.ts";
import type { IntegrationTool, OfferedTool, OpenIntegration } from "./load_tools.ts";
import type { McpCall, McpWay } from "./mcp_connection.ts";
import { textOfResult } from "./mcp_content.ts";
import { McpError, McpUnavailableError } from "./mcp_errors.ts";
import { McpRequestError } from "./mcp_request_error.ts";
import { type McpServer, mcpServerOf } from "./mcp_server.ts";
import { keepSession, readSession } from "./mcp_sessions.ts";
import { freshToolList, keepFailure, keepToolList, type ToolList } from "./mcp_tool_list.ts";
import { McpTurnConnection } from "./mcp_turn_connection.ts";

export interface McpScope {
  readonly organizationId: string;
  /** whose sessions at servers are gone on with */
  readonly contactId: string;
  /** of the webhook that the turn answers */
  readonly traceparent: string | null;
}

/** What the installation knows: the keys that open credentials, and where requests may go. */
export interface McpAccess {
  readonly keySet: KeySet;
  readonly policy: PublicHttpPolicy;
}

/** Opens integrations of kind mcp. With a list that is still good, a server hears of a turn only when it is called. */
export interface McpTools {
  readonly open: OpenIntegration;
  /** to be called at the end of the turn */
  close(): Promise<void>;
}

/** `readAccess` is asked once, and only when there is an integration to open. */
export function mcpTools(
  database: Database,
  scope: McpScope,
  readAccess: () => Promise<McpAccess>,
): McpTools {
  const connections: McpTurnConnection[] = [];
  let access: Promise<McpAccess> | undefined;
  const inTenant = <Result>(work: (tenant: Tenant) => Promise<Result>) =>
    withTenant(database, scope.organizationId, work);
  return {
    async open(integration, signal) {
      access ??= readAccess();
      const { keySet, policy } = await access;
      const server = traced(
        mcpServerOf(integration, scope.organizationId, { keySet, policy }),
        scope.traceparent,
      );
      const connection = new McpTurnConnection(server, policy, {
        read: () => inTenant((tenant) => readSession(tenant, server, scope.contactId)),
        keep: (session) =>
          inTenant((tenant) => keepSession(tenant, server, scope.contactId, session)),
      });
      connections.push(connection);
      const list =
        (await inTenant((tenant) => freshToolList(tenant, server))) ??
        (await askForTools(server, connection, inTenant, signal));
      return list.tools.map((definition) => offer(server, connection, list.way, definition));
    },
    async close() {
      await Promise.all(connections.map((connection) => connection.close()));
    },
  };
}

/** Each request says which webhook it is for: a header, which a server may read without knowing MCP's extensions. */
function traced(server: McpServer, traceparent: string | null): McpServer {
  if (traceparent === null) return server;
  return { ...server, headers: { ...server.headers, traceparent } };
}

type InTenant = <Result>(work: (tenant: Tenant) => Promise<Result>) => Promise<Result>;

async function askForTools(
  server: McpServer,
  connection: McpTurnConnection,
  inTenant: InTenant,
  signal: AbortSignal,
): Promise<ToolList> {
  try {
    const list = await connection.listTools(signal);
    await inTenant((tenant) => keepToolList(tenant, server, list));
    return list;
  } catch (error) {
    await inTenant((tenant) => keepFailure(tenant, server));
    throw error instanceof McpError ? error : new McpUnavailableError(server.name, error);
  }
}

function offer(
  server: McpServer,
  connection: McpTurnConnection,
  way: McpWay,
  definition: ToolDefinition,
): OfferedTool {
  const tool: IntegrationTool = {
    definition,
    async run(args, signal, { idempotencyKey }) {
      const parsed = argumentsSchema.safeParse(args);
      if (!parsed.success) throw new ToolArgumentsError("the arguments have to be an object");
      const call = { name: definition.name, args: parsed.data, idempotencyKey };
      return resultOf(await callTool(server, connection, way, call, signal));
    },
  };
  return { tool, access: server.readTools.has(definition.name) ? "read" : "write" };
}

const argumentsSchema = z.record(z.string(), z.unknown());

/** JSON-RPC's. */
const INVALID_PARAMS = -32_602;

async function callTool(
  server: McpServer,
  connection: McpTurnConnection,
  way: McpWay,
  call: McpCall,
  signal: AbortSignal,
): Promise<CallToolResult> {
  try {
    return await connection.callTool(call, way, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof McpRequestError && error.code === INVALID_PARAMS) {
      throw new ToolArgumentsError(error.message.slice(0, MAX_ERROR_LENGTH), { cause: error });
    }
    throw new McpUnavailableError(server.name, error);
  }
}

/** It is read by the model, and kept with the call. */
const MAX_ERROR_LENGTH = 2_000;

/** The tool's own failure is for the model to read: it may be about the arguments. */
function resultOf(result: CallToolResult): ToolResult {
  const text = textOfResult(result);
  if (result.isError) {
    throw new ToolArgumentsError(text.slice(0, MAX_ERROR_LENGTH) || "the tool failed");
  }
  return { text, sources: [] };
}
