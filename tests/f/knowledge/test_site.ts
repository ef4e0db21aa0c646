import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

export interface Page {
  status?: number;
  type?: string;
  body?: string | Buffer;
  headers?: Record<string, string>;
}

/** A web site whose pages a test sets, by path; everything else is 404. */
export interface TestSite {
  origin: string;
  /** as the guarded client is told of it */
  host: string;
  pages: Map<string, Page>;
  /** in order */
  requests: { path: string; headers: IncomingHttpHeaders }[];
  close(): void;
}

export async function startTestSite(): Promise<TestSite> {
  const pages = new Map<string, Page>();
  const requests: TestSite["requests"] = [];
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    requests.push({ path, headers: request.headers });
    const page = pages.get(path) ?? { status: 404, body: "" };
    const { status = 200, type = "text/html", body = "", headers = {} } = page;
    const etag = headers.etag;
    if (etag !== undefined && request.headers["if-none-match"] === etag) {
      response.writeHead(304, headers).end();
      return;
    }
    response.writeHead(status, { "content-type": type, ...headers }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    origin: `http://${host}`,
    host,
    pages,
    requests,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** A page that has a text worth reading. */
export function html(title: string, text: string, links: readonly string[] = []): Page {
  const anchors = links.map((link) => `<a href="${link}">more</a>`).join(" ");
  return {
    body: `<!doctype html><html><head><title>${title}</title></head><body><main><p>${text}</p>${anchors}</main></body></html>`,
  };
}
