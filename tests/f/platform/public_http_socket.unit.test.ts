import { Socket } from "node:net";
import { expect, it } from "vitest";
import { CountedSocket } from "../../../f/platform/public_http_socket.ts";

/** A connection that nobody reads, and what its server sends. */
function connection(maxBytes: number) {
  const socket = new Socket();
  const counted = new CountedSocket(socket, "connect", maxBytes, () => new Error("too many"));
  const send = (bytes: number) => socket.emit("data", Buffer.alloc(bytes));
  return { socket, counted, send };
}

it("is closed once more has arrived than it may take, although nobody has read anything", () => {
  const { socket, counted, send } = connection(100);
  send(60);
  send(40);
  expect([socket.destroyed, counted.errored]).toEqual([false, null]);
  send(1);
  expect([socket.destroyed, counted.errored]).toEqual([true, new Error("too many")]);
});
