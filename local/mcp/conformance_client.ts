/**
 * Our MCP client as the MCP project's conformance scenarios run it, on Windmill's Bun: connects to the server named by
 * the last argument, lists its tools and calls each of them.
 */
import { connectMcp } from "../../f/chat/tools/mcp_connection.ts";
import { textOfResult } from "../../f/chat/tools/mcp_content.ts";

const url = new URL(process.argv.at(-1) ?? "");
const signal = AbortSignal.timeout(25_000);
const server = {
  integrationId: "conformance",
  name: "conformance",
  url,
  headers: {},
  readTools: new Set<string>(),
  callTimeoutMs: 20_000,
  cacheMinutes: 10,
  hash: "conformance",
};
// the scenarios' servers are on this machine
const policy = { allowedPrivateOrigins: [url.host], ownNetworks: [] };

const connection = await connectMcp(server, { policy, signal });
for (const { name } of await connection.listTools(signal)) {
  // what the tools of the scenarios take
  const call = { name, args: { a: 2, b: 3 }, idempotencyKey: crypto.randomUUID() };
  console.log(name, textOfResult(await connection.callTool(call, signal)));
}
await connection.close();
