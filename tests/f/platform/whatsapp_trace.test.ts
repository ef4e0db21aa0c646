import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, it } from "vitest";
import { whatsAppOf } from "../../../f/platform/whatsapp.ts";

it("a message carries the trace of the webhook that it answers, and none where there is none", async () => {
  const received: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    received.push(request.headers);
    request.resume().on("end", () => response.end('{"messages":[{"id":"wamid.1"}]}'));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const baseUrl = `http://127.0.0.1:${port}`;
    const client = whatsAppOf({ baseUrl, phoneNumberId: "1", accessToken: "EAAB-test" });
    const text = { phone: "4915112345678", bsuid: null, body: "At nine.", deliveryKey: "key" };
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    await client.sendText({ ...text, traceparent });
    await client.sendText({ ...text, traceparent: null });
    expect(received.map((headers) => headers.traceparent)).toEqual([traceparent, undefined]);
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
