import { once } from "node:events";
import { connect } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type MigratedPostgres,
  startMigratedPostgres,
} from "../../../local/postgres/start_migrated_postgres.ts";
import { type Clients, clientsOf } from "./clients.ts";

let postgres: MigratedPostgres;
let clients: Clients;
beforeAll(async () => {
  postgres = await startMigratedPostgres();
  clients = clientsOf(postgres.url);
});
afterAll(async () => {
  await clients.closeAll();
  await postgres.close();
});

describe("an error", () => {
  it.each([
    ["simple", []],
    ["extended", [0]],
  ])("in the %s protocol leaves the connection usable", async (_, params) => {
    const client = await clients.connect();
    const divisor = params.length > 0 ? "$1::int" : "0";
    await expect(client.query(`select 1 / ${divisor}`, params)).rejects.toMatchObject({
      code: "22012",
    });
    expect((await client.query("select $1::int as one", [1])).rows).toEqual([{ one: 1 }]);
  });

  it.each([["simple"], ["extended"]])("answers a copy from stdin, %s", async (protocol) => {
    const client = await clients.connect();
    await client.query("create table if not exists copied (line text)");
    const copy = "copy copied from stdin";
    await expect(
      protocol === "simple" ? client.query(copy) : client.query(copy, []),
    ).rejects.toMatchObject({ code: "57014", message: expect.stringContaining("cannot copy") });
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("a login", () => {
  it("as a role that does not exist is refused", async () => {
    const client = await clients.connect("nobody");
    client.on("error", () => undefined);
    await expect(client.query("select 1")).rejects.toMatchObject({
      code: "28000",
      message: 'role "nobody" does not exist',
    });
    clients.kill(client);
  });

  it("to another database is refused", async () => {
    const elsewhere = clientsOf(postgres.url.replace(/postgres$/, "shop"));
    await expect(elsewhere.connect()).rejects.toMatchObject({ code: "3D000" });
  });

  it("may come with a password, which is not asked for", async () => {
    const client = await clients.connect("postgres", { password: "anything" });
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("a connection that opens with", () => {
  const request = (code: number, length = 8) => {
    const bytes = Buffer.alloc(length);
    bytes.writeInt32BE(length, 0);
    bytes.writeInt32BE(code, 4);
    return bytes;
  };

  it.each([
    ["TLS", 80877103],
    ["GSS encryption", 80877104],
  ])("%s is told that there is none", async (_, code) => {
    const socket = connect(postgres.port, "127.0.0.1");
    socket.write(request(code));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toBe("N");
    socket.destroy();
  });

  it("a request to cancel is closed without an answer", async () => {
    const socket = connect(postgres.port, "127.0.0.1");
    socket.write(request(80877102, 16));
    const received: Buffer[] = [];
    socket.on("data", (chunk) => received.push(chunk));
    await once(socket, "close");
    expect(received).toEqual([]);
  });

  it("what is no message is told so, and nobody else notices", async () => {
    const socket = connect(postgres.port, "127.0.0.1");
    socket.write(Buffer.alloc(64));
    const [answer] = (await once(socket, "data")) as [Buffer];
    expect(answer.toString()).toContain("08P01");
    socket.destroy();
    const client = await clients.connect();
    expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});
