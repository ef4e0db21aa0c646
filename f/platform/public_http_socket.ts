import { isIP, type Socket, connect as tcpConnect } from "node:net";
import { Duplex } from "node:stream";
import { checkServerIdentity, connect as tlsConnect } from "node:tls";
import { ResponseTooLargeError } from "./public_http_errors.ts";

const DEFAULT_PORTS: Record<string, number> = { "http:": 80, "https:": 443 };

/** The port of an http or https URL; undefined for any other scheme. */
export function portOf(url: URL): number | undefined {
  const standard = DEFAULT_PORTS[url.protocol];
  return url.port === "" || standard === undefined ? standard : Number(url.port);
}

/** The host without the brackets of an IPv6 address and the dot that ends a fully qualified name. */
export function hostOf(url: URL): string {
  return url.hostname.replace(/^\[|\]$|\.$/g, "");
}

/**
 * What may arrive for a body of `maxBytes`: its headers, and what framing and a compression that does not help add.
 * That many bytes are in memory at the worst; the body itself is counted by whoever reads it.
 */
const wireBytes = (maxBytes: number) => 2 * maxBytes + 64 * 1_024;

/**
 * A connection to this address that is about to be made: it emits "connect" when a request may be sent, for https when
 * the server has proved the name of `url`.
 */
export function openSocket(address: string, url: URL, maxBytes: number): CountedSocket {
  const target = { host: address, port: portOf(url) ?? 0 };
  const tooMany = () => new ResponseTooLargeError(url.href, maxBytes);
  if (url.protocol === "http:") {
    return new CountedSocket(tcpConnect(target), "connect", wireBytes(maxBytes), tooMany);
  }
  const host = hostOf(url);
  const secure = tlsConnect({
    ...target,
    // an IP address is not allowed in SNI
    ...(isIP(host) === 0 ? { servername: host } : {}),
    checkServerIdentity: (_host, certificate) => checkServerIdentity(host, certificate),
  });
  return new CountedSocket(secure, "secureConnect", wireBytes(maxBytes), tooMany);
}

/**
 * A connection of which no more than `maxBytes` are ever received: then it is closed, and ends with `tooMany()`.
 *
 * They are counted where they arrive, since nothing later is sure to run in time. In Bun 1.3.10 fetch and node:http
 * take in what a server sends while nobody reads, 0.9 GB in a second and once 23 GB, and a socket of node:net that is
 * paused went on to 1.3 GB: it seems to read for as long as there is something. One that is destroyed stopped in each
 * of 250 runs.
 */
export class CountedSocket extends Duplex {
  readonly #socket: Socket;

  constructor(
    socket: Socket,
    connected: "connect" | "secureConnect",
    maxBytes: number,
    tooMany: () => Error,
  ) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    // whoever waits for it is told; it may also end when nobody does
    this.on("error", () => undefined);
    let received = 0;
    socket.once(connected, () => this.emit("connect"));
    socket.on("data", (chunk: Buffer) => {
      received += chunk.length;
      if (received > maxBytes) this.destroy(tooMany());
      else if (!this.push(chunk)) socket.pause();
    });
    socket.once("error", (error) => this.destroy(error));
    // also when it broke off: what has arrived may still be read, and whoever reads it knows whether it is whole
    socket.once("close", () => this.push(null));
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, encoding: BufferEncoding, done: (error?: Error | null) => void) {
    this.#socket.write(chunk, encoding, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(done);
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
