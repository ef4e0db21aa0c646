import { randomUUID } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

interface Message {
  id?: number;
  method: string;
  params?: { name?: string; cursor?: string; _meta?: object; arguments?: Record<string, unknown> };
}

type Answer = (message: Message, request: IncomingMessage) => object;

/** An MCP server of 2025-11-25 in one page, which counts what it is asked. Two tools: `look_up` and `book`. */
export class McpTestServer {
  readonly #server: Server;
  readonly #sessions = new Set<string>();
  /** the methods of the messages, in order; GET for an event stream */
  asked: string[] = [];
  /** the headers of the last message */
  headers: IncomingMessage["headers"] = {};
  /** of each message */
  traces: unknown[] = [];
  calls: Message["params"][] = [];
  connections = 0;
  result: Answer = () => ({ content: [{ type: "text", text: "The order is on its way." }] });
  /** instead of answering */
  onMessage: ((response: ServerResponse, message: Message) => void) | undefined;
  speaks: "streamable_http" | "sse" = "streamable_http";
  #events: ServerResponse | undefined;

  constructor() {
    this.#server = createServer((request, response) => void this.#receive(request, response));
    this.#server.on("connection", () => this.connections++);
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get origin(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get url(): string {
    return `http://${this.origin}/mcp`;
  }

  count(method: string): number {
    return this.asked.filter((asked) => asked === method).length;
  }

  forgetSessions(): void {
    this.#sessions.clear();
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (request.method === "GET") this.asked.push("GET");
    if (request.method === "GET" && this.speaks === "sse") return this.#openEvents(response);
    if (request.method !== "POST") return void response.writeHead(405).end();
    if (this.speaks === "sse" && request.url === "/mcp") return void response.writeHead(404).end();
    let body = "";
    for await (const chunk of request) body += chunk;
    const message = JSON.parse(body) as Message;
    this.asked.push(message.method);
    this.headers = request.headers;
    this.traces.push(request.headers.traceparent);
    if (this.onMessage) return this.onMessage(response, message);
    if (message.id === undefined) return void response.writeHead(202).end();
    this.#answer(message, request, response);
  }

  #answer(message: Message, request: IncomingMessage, response: ServerResponse): void {
    const session = request.headers["mcp-session-id"];
    const headers: Record<string, string> = { "content-type": "application/json" };
    if (message.method === "initialize") {
      const id = randomUUID();
      this.#sessions.add(id);
      headers["mcp-session-id"] = id;
    } else if (message.method !== "server/discover" && this.speaks === "streamable_http") {
      if (!this.#sessions.has(String(session))) return void response.writeHead(404).end();
    }
    const answer = { jsonrpc: "2.0", id: message.id, ...this.#outcome(message, request) };
    if (this.speaks === "streamable_http") {
      response.writeHead(200, headers).end(JSON.stringify(answer));
      return;
    }
    response.writeHead(202).end();
    this.#events?.write(`event: message\ndata: ${JSON.stringify(answer)}\n\n`);
  }

  #outcome(message: Message, request: IncomingMessage): object {
    switch (message.method) {
      case "initialize":
        return {
          result: {
            protocolVersion: "2025-11-25",
            capabilities: { tools: {} },
            serverInfo: { name: "test", version: "1" },
          },
        };
      case "tools/list":
        // in two pages
        return message.params?.cursor
          ? { result: { tools: [toolNamed("book")] } }
          : { result: { tools: [toolNamed("look_up")], nextCursor: "2" } };
      case "tools/call":
        this.calls.push(message.params);
        return { result: this.result(message, request) };
      default:
        return { error: { code: -32601, message: "Method not found" } };
    }
  }

  #openEvents(response: ServerResponse): void {
    this.#events = response;
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write("event: endpoint\ndata: /messages\n\n");
  }
}

function toolNamed(name: string) {
  return {
    name,
    description: `Does ${name}.`,
    inputSchema: { type: "object", properties: { order: { type: "number" } } },
    // as a server that lies would
    annotations: { readOnlyHint: true },
  };
}
