import type { Socket } from "node:net";
import { becomeClientSql } from "./session.ts";
import {
  backend,
  MalformedMessageError,
  MessageReader,
  message,
  opening,
  prefixStatement,
  startupParameters,
  statementName,
} from "./wire.ts";

/** After these the client waits for an answer, so what came before them is handed over with them. */
const ENDS_BATCH = new Set<number | undefined>([
  message.query,
  message.sync,
  message.flush,
  message.functionCall,
]);

/** The bridge has already answered "copy … from stdin" with an error when these arrive. */
const COPY_IN = new Set<number | undefined>([message.copyData, message.copyDone, message.copyFail]);

/** The database that PGlite has; it cannot make another. */
const DATABASE = "postgres";

/** One connection: reads its messages into batches, and remembers what the shared session owes it. */
export class Client {
  /** What the backend has not seen yet, each ending where the client waits for an answer. */
  readonly batches: Buffer[] = [];
  /** The client's own names of its prepared statements, to close when it leaves. */
  readonly statements = new Set<string>();
  /** Makes the backend's session this client's. */
  sessionSql = "";
  /** No more batches will come. */
  hasLeft = false;

  readonly #id: number;
  readonly #socket: Socket;
  readonly #reader = new MessageReader();
  readonly #greeting: Buffer;
  #isGreeted = false;
  #batch: Buffer[] = [];

  constructor(id: number, socket: Socket, greeting: Buffer, onWork: () => void) {
    this.#id = id;
    this.#socket = socket;
    this.#greeting = greeting;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => {
      try {
        for (const next of this.#reader.read(chunk)) this.#receive(next);
      } catch (error) {
        if (!(error instanceof MalformedMessageError)) throw error;
        this.refuse("08P01", error.message);
      }
      onWork();
    });
    // a killed client resets its connection; "close" follows and says all there is to say
    socket.on("error", () => socket.destroy());
    socket.on("close", () => {
      this.hasLeft = true;
      onWork();
    });
  }

  /** Prepared statements share one namespace in the one session: each client's names get its own prefix. */
  get statementPrefix(): string {
    return `client_${this.#id}_`;
  }

  send(bytes: Buffer): void {
    if (this.#socket.writable) this.#socket.write(bytes);
  }

  /** Says why and hangs up. */
  refuse(sqlState: string, text: string): void {
    this.hasLeft = true;
    this.batches.length = 0;
    this.#socket.end(backend.fatal(sqlState, text));
  }

  #receive(next: Buffer): void {
    if (this.hasLeft) return;
    if (!this.#isGreeted) {
      this.#open(next);
      return;
    }
    if (COPY_IN.has(next[0])) return;
    if (next[0] === message.terminate) {
      this.hasLeft = true;
      this.#socket.end();
      return;
    }
    if (next[0] === message.parse) this.statements.add(statementName(next)?.name ?? "");
    this.#batch.push(prefixStatement(next, this.statementPrefix));
    if (ENDS_BATCH.has(next[0])) {
      this.batches.push(Buffer.concat(this.#batch));
      this.#batch = [];
    }
  }

  #open(next: Buffer): void {
    const code = next.readInt32BE(4);
    if (code === opening.ssl || code === opening.gssEncryption) {
      this.send(Buffer.from("N"));
    } else if (code === opening.cancel) {
      // A running statement cannot be cancelled: it holds the only thread. A server does not answer either.
      this.hasLeft = true;
      this.#socket.end();
    } else if (code >> 16 !== opening.protocol3 >> 16) {
      this.refuse("0A000", `unsupported frontend protocol ${code >> 16}.${code & 0xffff}`);
    } else {
      this.#greet(startupParameters(next));
    }
  }

  /** Any password will do: the port is on the loopback and so is the data. */
  #greet(parameters: Record<string, string>): void {
    const database = parameters.database || parameters.user;
    if (database !== DATABASE) {
      this.refuse("3D000", `database "${database}" does not exist, "${DATABASE}" is the only one`);
      return;
    }
    this.#isGreeted = true;
    this.#reader.greeted();
    this.sessionSql = becomeClientSql(parameters);
    this.send(
      Buffer.concat([
        backend.authenticationOk(),
        this.#greeting,
        backend.keyData(this.#id),
        backend.readyForQuery(),
      ]),
    );
  }
}
