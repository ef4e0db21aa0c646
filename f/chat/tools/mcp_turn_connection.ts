import type { CallToolResult } from "@modelcontextprotocol/client";
import type { PublicHttpPolicy } from "../../platform/public_http_target.ts";
import {
  connectMcp,
  type McpCall,
  type McpConnection,
  type McpSession,
  type McpWay,
} from "./mcp_connection.ts";
import { statusOf } from "./mcp_errors.ts";
import type { McpServer } from "./mcp_server.ts";
import type { ToolList } from "./mcp_tool_list.ts";

/** Where the contact's session outlives the turn. */
export interface SessionStore {
  read(): Promise<McpSession | undefined>;
  keep(session: McpSession | undefined): Promise<void>;
}

/** MCP: 404 for a session that the server has forgotten; some answer 400. Neither has run the tool. */
const FORGOTTEN = [400, 404];

/** One turn's connection to one server: opened when it is first needed, and shared by the turn's calls. */
export class McpTurnConnection {
  readonly #server: McpServer;
  readonly #policy: PublicHttpPolicy;
  readonly #sessions: SessionStore;
  readonly #opened = new Set<McpConnection>();
  #current: Promise<McpConnection> | undefined;

  constructor(server: McpServer, policy: PublicHttpPolicy, sessions: SessionStore) {
    this.#server = server;
    this.#policy = policy;
    this.#sessions = sessions;
  }

  /** Finds out anew how the server wants to be spoken to, and what it offers. */
  async listTools(signal: AbortSignal): Promise<ToolList> {
    const { connection } = await this.#connected(() => this.#open({ signal }));
    const tools = await connection.listTools(signal);
    return {
      tools: tools.map(({ name, description = "", inputSchema }) => ({
        name,
        description,
        parameters: inputSchema,
      })),
      way: connection.way,
    };
  }

  /** Calls a tool, again only when the server did not know the session that was to be gone on with. */
  async callTool(call: McpCall, way: McpWay, signal: AbortSignal): Promise<CallToolResult> {
    const { connection, leave } = await this.#connected(() => this.#goOn(way, signal));
    try {
      return await connection.callTool(call, signal);
    } catch (error) {
      const isForgotten = connection.session && FORGOTTEN.includes(statusOf(error) ?? 0);
      if (isForgotten || connection.isBroken()) leave();
      if (!isForgotten) throw error;
    }
    const anew = await this.#connected(() => this.#open({ way, signal }));
    return anew.connection.callTool(call, signal);
  }

  async close(): Promise<void> {
    await Promise.allSettled([this.#current]);
    await Promise.all([...this.#opened].map((connection) => connection.close()));
  }

  /** The connection that there is, or a new one. `leave`: the next call opens another; calls under way go on. */
  async #connected(open: () => Promise<McpConnection>) {
    this.#current ??= open();
    const current = this.#current;
    const leave = () => {
      if (this.#current === current) this.#current = undefined;
    };
    try {
      const connection = await current;
      this.#opened.add(connection);
      return { connection, leave };
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #goOn(way: McpWay, signal: AbortSignal): Promise<McpConnection> {
    const session = await this.#sessions.read();
    if (!session) return this.#open({ way, signal });
    return connectMcp(this.#server, { policy: this.#policy, way, session, signal });
  }

  async #open(options: { way?: McpWay; signal: AbortSignal }): Promise<McpConnection> {
    const connection = await connectMcp(this.#server, { policy: this.#policy, ...options });
    await this.#sessions.keep(connection.session);
    return connection;
  }
}
