/**
 * The part of PostgreSQL's wire protocol (version 3) that a bridge has to understand:
 * where a message ends, whose prepared statement it names, and how to greet a client.
 */

export const message = {
  query: 0x51, // Q
  parse: 0x50, // P
  bind: 0x42, // B
  describe: 0x44, // D
  close: 0x43, // C
  sync: 0x53, // S
  flush: 0x48, // H
  functionCall: 0x46, // F
  copyData: 0x64, // d
  copyDone: 0x63, // c
  copyFail: 0x66, // f
  terminate: 0x58, // X
  errorResponse: 0x45, // E
  readyForQuery: 0x5a, // Z
} as const;

/** What a client may open with instead of a startup message; all of them are as long as a length and a code. */
export const opening = {
  protocol3: 196608,
  cancel: 80877102,
  ssl: 80877103,
  gssEncryption: 80877104,
} as const;

export type TransactionStatus = "idle" | "in transaction" | "failed transaction";

const STATUS_OF: Record<string, TransactionStatus> = {
  I: "idle",
  T: "in transaction",
  E: "failed transaction",
};

export class MalformedMessageError extends Error {
  override name = "MalformedMessageError";
  readonly length: number;

  constructor(length: number) {
    super(`a message says that it is ${length} bytes long, which none can be`);
    this.length = length;
  }
}

/** Cuts a byte stream into messages, however TCP cut it. The first message of a connection has no type byte. */
export class MessageReader {
  #chunks: Buffer[] = [];
  #length = 0;
  #needed = 4;
  #headerLength = 4;
  /** The length counts itself, and before the greeting a code of the same size. */
  #shortest = 8;

  /** The messages that are complete now, each with its header. */
  *read(chunk: Buffer): Generator<Buffer> {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    // joined only when a whole message is there: joining at every chunk is quadratic for a big one
    while (this.#length >= this.#needed) {
      const bytes = Buffer.concat(this.#chunks);
      const length = bytes.readInt32BE(this.#headerLength - 4);
      if (length < this.#shortest) throw new MalformedMessageError(length);
      const end = this.#headerLength + length - 4;
      if (bytes.length < end) {
        this.#keep(bytes, end);
        return;
      }
      this.#keep(bytes.subarray(end), this.#headerLength);
      yield bytes.subarray(0, end);
    }
  }

  /** From here on messages carry a type byte. */
  greeted(): void {
    this.#headerLength = 5;
    this.#shortest = 4;
    this.#needed = 5;
  }

  #keep(rest: Buffer, needed: number): void {
    this.#chunks = [rest];
    this.#length = rest.length;
    this.#needed = needed;
  }
}

/** `{user, database, application_name, …}` out of a startup message. */
export function startupParameters(startup: Buffer): Record<string, string> {
  const words = startup.subarray(8).toString("utf8").split("\0");
  const parameters: Record<string, string> = {};
  for (let at = 0; words[at]; at += 2) parameters[words[at] ?? ""] = words[at + 1] ?? "";
  return parameters;
}

/** How the transaction stands after these backend bytes; null when they do not end in ReadyForQuery. */
export function transactionStatus(output: Buffer): TransactionStatus | null {
  const ready = output.subarray(-6);
  if (ready.length < 6 || ready[0] !== message.readyForQuery || ready.readInt32BE(1) !== 5) {
    return null;
  }
  return STATUS_OF[String.fromCharCode(ready[5] ?? 0)] ?? null;
}

/** The text of the first ErrorResponse among whole backend messages; null when there is none. */
export function firstError(output: Buffer): string | null {
  for (let at = 0; at < output.length; at += 1 + output.readInt32BE(at + 1)) {
    if (output[at] !== message.errorResponse) continue;
    const fields = output.subarray(at + 5, at + 1 + output.readInt32BE(at + 1)).toString("utf8");
    return (
      fields
        .split("\0")
        .find((field) => field.startsWith("M"))
        ?.slice(1) ?? ""
    );
  }
  return null;
}

/** The prepared statement that a frontend message names, or null when it names none. "" is the unnamed one. */
export function statementName(bytes: Buffer): { name: string; start: number } | null {
  switch (bytes[0]) {
    case message.parse:
      return { name: textAt(bytes, 5), start: 5 };
    case message.bind: {
      const start = bytes.indexOf(0, 5) + 1;
      return { name: textAt(bytes, start), start };
    }
    case message.describe:
    case message.close:
      return bytes[5] === message.sync ? { name: textAt(bytes, 6), start: 6 } : null;
    default:
      return null;
  }
}

/** The same message with `prefix` before the name of its prepared statement, unless that is the unnamed one. */
export function prefixStatement(bytes: Buffer, prefix: string): Buffer {
  const found = statementName(bytes);
  if (!found || found.name === "") return bytes;
  const renamed = Buffer.concat([
    bytes.subarray(0, found.start),
    Buffer.from(prefix),
    bytes.subarray(found.start),
  ]);
  renamed.writeInt32BE(renamed.length - 1, 1);
  return renamed;
}

export const frontend = {
  query: (sql: string) => packet("Q", `${sql}\0`),
  closeStatement: (name: string) => packet("C", `S${name}\0`),
  sync: () => packet("S", ""),
  copyFail: (reason: string) => packet("f", `${reason}\0`),
};

export const backend = {
  authenticationOk: () => packet("R", Buffer.from([0, 0, 0, 0])),
  parameterStatus: (name: string, value: string) => packet("S", `${name}\0${value}\0`),
  keyData: (processId: number) => {
    const body = Buffer.alloc(8);
    body.writeInt32BE(processId, 0);
    return packet("K", body);
  },
  readyForQuery: () => packet("Z", "I"),
  fatal: (sqlState: string, text: string) =>
    packet("E", `SFATAL\0VFATAL\0C${sqlState}\0M${text}\0\0`),
};

function textAt(bytes: Buffer, start: number): string {
  return bytes.toString("utf8", start, bytes.indexOf(0, start));
}

function packet(type: string, body: string | Buffer): Buffer {
  const content = Buffer.from(body as string);
  const header = Buffer.alloc(5);
  header.write(type, "latin1");
  header.writeInt32BE(content.length + 4, 1);
  return Buffer.concat([header, content]);
}
