import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import { expect, it } from "vitest";
import { PortTaken, requireFreePorts } from "../../local/free_ports.ts";

it("names the port that is taken, and is content once it is free", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await expect(requireFreePorts([port])).rejects.toThrow(PortTaken);
  await expect(requireFreePorts([port])).rejects.toThrow(String(port));
  server.close();
  await once(server, "close");
  await expect(requireFreePorts([port])).resolves.toBeUndefined();
});
