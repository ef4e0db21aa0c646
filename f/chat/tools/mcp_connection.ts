import type {
  CallToolResult,
  Client,
  PriorDiscovery,
  Tool,
  Transport,
} from "@modelcontextprotocol/client";
import { type PublicFetch, publicFetch } from "../../platform/fetch_public.ts";
import type { PublicHttpPolicy } from "../../platform/public_http_target.ts";
import { statusOf } from "./mcp_errors.ts";
import { type McpLibrary, McpRequestError } from "./mcp_request_error.ts";
import type { McpServer } from "./mcp_server.ts";

/** What was found out about a server, so that the next connection asks less. */
export interface McpWay {
  readonly transport: "streamable_http" | "sse";
  readonly prior: PriorDiscovery;
}

/** A session that a server of 2025 gave us. Servers of 2026 know none. */
export interface McpSession {
  readonly sessionId: string;
  readonly protocolVersion: string;
}

export interface McpCall {
  readonly name: string;
  readonly args: Record<string, unknown>;
  readonly idempotencyKey: string;
}

export interface McpConnection {
  readonly way: McpWay;
  /** to go on with later, if the server gave one */
  readonly session: McpSession | undefined;
  listTools(signal: AbortSignal): Promise<Tool[]>;
  callTool(call: McpCall, signal: AbortSignal): Promise<CallToolResult>;
  /** a response broke off: nothing more comes of it */
  isBroken(): boolean;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly policy: PublicHttpPolicy;
  readonly signal: AbortSignal;
  readonly way?: McpWay | undefined;
  readonly session?: McpSession | undefined;
}

/** Of one response: a page of a tool list, a tool's result. A model reads 12,000 characters of it. */
const MAX_RESPONSE_BYTES = 1024 * 1024;
const MAX_PAGES = 10;
/** As long as a turn may last. */
const TOTAL_TIMEOUT_MS = 60_000;

/**
 * Connects as the server was found to want it; else over Streamable HTTP, and over SSE when that is refused. With a
 * session nothing is sent yet.
 */
export async function connectMcp(
  server: McpServer,
  options: ConnectOptions,
): Promise<McpConnection> {
  const { way, session } = options;
  // a quarter of what this step's imports cost, and most turns speak to no server
  const library = await import("@modelcontextprotocol/client");
  if (way?.transport === "sse") return connectOverSse(library, server, options);
  try {
    return await connectOverStreamableHttp(library, server, options);
  } catch (error) {
    if (way || session || !isRefusal(statusOf(error))) throw error;
    return await connectOverSse(library, server, options);
  }
}

/** MCP's rule for finding servers of 2024. 401 and 403 are about who we are, which SSE would not change. */
function isRefusal(status: number | undefined): boolean {
  return status !== undefined && status >= 400 && status < 500 && ![401, 403].includes(status);
}

async function connectOverStreamableHttp(
  library: McpLibrary,
  server: McpServer,
  { policy, signal, way, session }: ConnectOptions,
): Promise<McpConnection> {
  const { client, fetch, connect, broken } = newClient(library, server, policy);
  const transport = new library.StreamableHTTPClientTransport(server.url, {
    fetch,
    requestInit: { headers: server.headers },
    ...session,
  });
  const prior = session ? ({ kind: "legacy" } as const) : way?.prior;
  await connect(transport, signal, prior);
  const discover = client.getDiscoverResult();
  const protocolVersion = client.getNegotiatedProtocolVersion();
  const { sessionId } = transport;
  return connectionOf(
    library,
    client,
    { server, broken },
    {
      way: {
        transport: "streamable_http",
        prior: discover ? { kind: "modern", discover } : { kind: "legacy" },
      },
      session:
        session ?? (sessionId && protocolVersion ? { sessionId, protocolVersion } : undefined),
    },
  );
}

async function connectOverSse(
  library: McpLibrary,
  server: McpServer,
  { policy, signal }: ConnectOptions,
): Promise<McpConnection> {
  const { client, fetch, connect, broken } = newClient(library, server, policy);
  const transport = new library.SSEClientTransport(server.url, {
    fetch,
    requestInit: { headers: server.headers },
  });
  const prior = { kind: "legacy" } as const;
  await connect(transport, signal, prior);
  return connectionOf(
    library,
    client,
    { server, broken },
    {
      way: { transport: "sse", prior },
      session: undefined,
    },
  );
}

function newClient(library: McpLibrary, server: McpServer, policy: PublicHttpPolicy) {
  const broken = new AbortController();
  const opening = new AbortController();
  const guarded = publicFetch({
    policy,
    maxBytes: MAX_RESPONSE_BYTES,
    headersTimeoutMs: server.callTimeoutMs,
    totalTimeoutMs: TOTAL_TIMEOUT_MS,
    // client 2.4.0 tells a request nothing of a broken event stream: it would wait for its timeout
    onBodyError: (error, method) => {
      if (method === "POST") broken.abort(error);
    },
  });
  const fetch: PublicFetch = (url, init) =>
    guarded(url, {
      ...init,
      signal: init?.signal ? AbortSignal.any([init.signal, opening.signal]) : opening.signal,
    });
  const client = new library.Client(
    { name: "whatsapp-chatbot-platform", version: "1.0.0" },
    { versionNegotiation: { mode: "auto" }, listMaxPages: MAX_PAGES },
  );
  const connect = async (transport: Transport, signal: AbortSignal, prior?: PriorDiscovery) => {
    // client 2.4.0 does not give the signal to the request that finds out the version
    const giveUp = () => opening.abort(signal.reason);
    signal.addEventListener("abort", giveUp, { once: true });
    try {
      const timeout = server.callTimeoutMs;
      await client.connect(transport, { signal, timeout, ...(prior ? { prior } : {}) });
    } catch (error) {
      await client.close();
      throw new McpRequestError(library, error);
    } finally {
      signal.removeEventListener("abort", giveUp);
    }
  };
  return { client, fetch, connect, broken: broken.signal };
}

function connectionOf(
  library: McpLibrary,
  client: Client,
  { server, broken }: { server: McpServer; broken: AbortSignal },
  known: Pick<McpConnection, "way" | "session">,
): McpConnection {
  const timeout = server.callTimeoutMs;
  const request = async <Result>(
    signal: AbortSignal,
    ask: (options: { signal: AbortSignal; timeout: number }) => Promise<Result>,
  ): Promise<Result> => {
    try {
      return await ask({ signal: AbortSignal.any([signal, broken]), timeout });
    } catch (error) {
      signal.throwIfAborted();
      broken.throwIfAborted();
      throw new McpRequestError(library, error);
    }
  };
  return {
    ...known,
    listTools: (signal) =>
      request(signal, async (options) => (await client.listTools(undefined, options)).tools),
    callTool: ({ name, args, idempotencyKey }, signal) =>
      request(signal, (options) =>
        client.callTool({ name, arguments: args, _meta: { idempotencyKey } }, options),
      ),
    isBroken: () => broken.aborted,
    close: () => client.close(),
  };
}
