import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { insertChatbot } from "../../helpers/records.ts";
import type { ChatbotRow, KnowledgeSourceRow } from "../../helpers/rows.ts";
import { type KnowledgeWorld, startKnowledgeWorld } from "./knowledge_world.ts";

const FIVE_GB = 5 * 1024 ** 3;

describe("a hostile web page", () => {
  let world: KnowledgeWorld;
  let chatbot: ChatbotRow;
  let site: Server;
  let origin: string;
  let sent = 0;

  beforeAll(async () => {
    world = await startKnowledgeWorld();
    chatbot = await insertChatbot(world.db);
    site = createServer((request, response) => answer(request.url ?? "", response));
    await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
    const host = `127.0.0.1:${(site.address() as AddressInfo).port}`;
    world.allowedPrivateOrigins.push(host);
    origin = `http://${host}`;
  });
  afterAll(async () => {
    site.closeAllConnections();
    site.close();
    await world.close();
  });

  function answer(path: string, response: ServerResponse): void {
    const html = { "content-type": "text/html" };
    if (path === "/for-ever") response.writeHead(302, { location: "/for-ever" }).end();
    else if (path === "/drips") drip(response.writeHead(200, html));
    else if (path === "/5-gb") {
      flood(response.writeHead(200, { ...html, "content-length": String(FIVE_GB) }));
    } else if (path === "/5-gb-in-chunks") flood(response.writeHead(200, html));
    else response.writeHead(200, html).end("<html><body><p>We open at nine.</p></body></html>");
  }

  function drip(response: ServerResponse): void {
    const timer = setInterval(() => response.write("<p>"), 100);
    response.on("close", () => clearInterval(timer));
  }

  function flood(response: ServerResponse): void {
    const chunk = Buffer.alloc(64 * 1024, "<p>more</p>");
    const pour = () => {
      while (!response.destroyed && sent < FIVE_GB) {
        sent += chunk.length;
        if (!response.write(chunk)) {
          response.once("drain", pour);
          return;
        }
      }
    };
    pour();
  }

  const process = async (path: string, pageTimeoutMs = 60_000) => {
    const { knowledge_source_id: id } = await world.upload({
      chatbot_id: chatbot.id,
      source_type: "url",
      name: "A page",
      url: origin + path,
    });
    const policy = { allowedPrivateOrigins: world.allowedPrivateOrigins, ownNetworks: [] };
    const result = await world.process(id, {
      files: { load: async () => undefined, readHttpPolicy: async () => policy, pageTimeoutMs },
    });
    const [source] = await world.db.query<KnowledgeSourceRow>(
      "select * from knowledge_sources where id = $1",
      [id],
    );
    return { result, source };
  };

  it.each([
    ["redirects for ever", "/for-ever", "redirects too often"],
    ["drips bytes", "/drips", "too long to answer", 1_000],
    ["says that it is 5 GB", "/5-gb", "larger than 5 MB"],
    ["sends 5 GB without saying so", "/5-gb-in-chunks", "larger than 5 MB"],
  ] as const)(
    "that %s ends failed with its sentence, and the next one is read",
    async (_what, path, sentence, pageTimeoutMs?: number) => {
      sent = 0;
      const { result, source } = await process(path, pageTimeoutMs);
      expect(result).toMatchObject({
        outcome: "failed",
        reason: expect.stringContaining(sentence),
      });
      expect(source).toMatchObject({
        status: "failed",
        error_message: expect.stringContaining(sentence),
      });
      // what the sockets hold is sent, too, and nobody reads it
      expect(sent).toBeLessThan(100 * 1024 * 1024);
      expect((await process(`/next?${path}`)).source).toMatchObject({ status: "ready" });
    },
  );
});
