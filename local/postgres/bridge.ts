import type { Socket } from "node:net";
import type { PGlite } from "@electric-sql/pglite";
import { Client } from "./client.ts";
import { backend, firstError, frontend, transactionStatus } from "./wire.ts";

/** Clients read these at the start of a connection; all but the first are PGlite's own defaults. */
const GREETED_SETTINGS = [
  "server_version",
  "server_encoding",
  "client_encoding",
  "DateStyle",
  "IntervalStyle",
  "TimeZone",
  "integer_datetimes",
  "standard_conforming_strings",
];

/**
 * PGlite ends its process when a "copy … from stdin" finds no more input, and the data cannot be there yet:
 * the client waits to be asked for it. Outside of such a copy, PostgreSQL ignores this message by protocol.
 */
const REFUSE_COPY_IN = frontend.copyFail("the embedded database cannot copy from stdin");

/**
 * Lets many clients share PGlite's one session as if each had its own.
 *
 * A client owns the session from its first batch until ReadyForQuery says idle: between Parse and Bind,
 * and inside a transaction, nobody else gets in. (A bridge that takes turns by single messages wrote
 * 3 to 5 of 100 concurrent inserts into another client's table.) Everybody else waits in line.
 *
 * Not kept between two transactions of a client when another one came between: settings made with a plain
 * SET, temporary tables, session advisory locks, LISTEN. Those need a server.
 */
export class Bridge {
  readonly #pglite: PGlite;
  readonly #greeting: Buffer;
  readonly #onCrash: (error: unknown) => void;
  readonly #clients = new Set<Client>();
  readonly #line: Client[] = [];
  #owner: Client | null = null;
  /** Whose role and settings the session has. */
  #session: Client | null = null;
  #isRunning = false;
  #lastId = 0;

  private constructor(pglite: PGlite, greeting: Buffer, onCrash: (error: unknown) => void) {
    this.#pglite = pglite;
    this.#greeting = greeting;
    this.#onCrash = onCrash;
  }

  /** `onCrash`: PGlite itself broke (and not a statement); nothing will be answered any more. */
  static async over(pglite: PGlite, onCrash: (error: unknown) => void): Promise<Bridge> {
    const greeting: Buffer[] = [];
    for (const name of GREETED_SETTINGS) {
      const { rows } = await pglite.query<{ value: string }>(
        "select current_setting($1) as value",
        [name],
      );
      greeting.push(backend.parameterStatus(name, rows[0]?.value ?? ""));
    }
    return new Bridge(pglite, Buffer.concat(greeting), onCrash);
  }

  connect(socket: Socket): void {
    this.#lastId += 1;
    const client = new Client(this.#lastId, socket, this.#greeting, () => this.#queue(client));
    this.#clients.add(client);
  }

  /** Resolves when everybody has hung up and nothing is left to undo; never once PGlite broke. */
  async allGone(): Promise<void> {
    while (this.#clients.size > 0 || this.#isRunning) await new Promise(setImmediate);
  }

  #queue(client: Client): void {
    if (client !== this.#owner && !this.#line.includes(client) && this.#clients.has(client)) {
      if (client.batches.length > 0 || client.hasLeft) this.#line.push(client);
    }
    this.#run().catch(this.#onCrash);
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    for (let client = this.#next(); client; client = this.#next()) {
      this.#owner = client;
      const batch = client.batches.shift();
      if (batch) await this.#runBatch(client, batch);
      else await this.#dismiss(client);
      // a batch holds the thread; between two of them the sockets get their turn
      await new Promise(setImmediate);
    }
    this.#isRunning = false;
  }

  /** The owner as long as there is one, even when it has nothing to say yet; then whoever came first. */
  #next(): Client | null {
    const owner = this.#owner;
    if (owner) return owner.batches.length > 0 || owner.hasLeft ? owner : null;
    return this.#line.shift() ?? null;
  }

  async #runBatch(client: Client, batch: Buffer): Promise<void> {
    if (this.#session !== client) {
      const error = firstError(await this.#exchange(frontend.query(client.sessionSql)));
      this.#session = error === null ? client : null;
      if (error !== null) client.refuse("28000", error);
    }
    if (this.#session !== client) return this.#release(client);
    let output = await this.#exchange(Buffer.concat([batch, REFUSE_COPY_IN]));
    // a copy in the extended protocol ate its Sync
    if (endsInSync(batch) && transactionStatus(output) === null) {
      output = Buffer.concat([output, await this.#exchange(frontend.sync())]);
    }
    client.send(output);
    if (transactionStatus(output) === "idle") this.#release(client);
  }

  /** The client is gone: what it left open is undone, as by a server whose backend loses its client. */
  async #dismiss(client: Client): Promise<void> {
    this.#clients.delete(client);
    if (this.#session === client) {
      await this.#exchange(frontend.sync());
      if (this.#pglite.isInTransaction()) await this.#exchange(frontend.query("rollback"));
    }
    if (client.statements.size > 0) await this.#exchange(closeStatements(client));
    // what cannot be told apart by client (see above) does not outlive the last of them
    if (this.#clients.size === 0) {
      await this.#exchange(frontend.query("reset session authorization"));
      await this.#exchange(frontend.query("discard all"));
    }
    if (this.#session === client || this.#clients.size === 0) this.#session = null;
    this.#release(client);
  }

  #release(client: Client): void {
    this.#owner = null;
    const isWaiting = client.batches.length > 0 || client.hasLeft;
    if (isWaiting && this.#clients.has(client)) this.#line.push(client);
  }

  async #exchange(bytes: Buffer): Promise<Buffer> {
    const output: Buffer[] = [];
    await this.#pglite.execProtocolRawStream(bytes, {
      // a view of WebAssembly's memory, which the next message overwrites: copied
      onRawData: (chunk) => output.push(Buffer.from(chunk)),
    });
    return Buffer.concat(output);
  }
}

function endsInSync(batch: Buffer): boolean {
  return batch.subarray(-5).equals(frontend.sync());
}

function closeStatements(client: Client): Buffer {
  const names = [...client.statements].filter((name) => name !== "");
  return Buffer.concat([
    ...names.map((name) => frontend.closeStatement(client.statementPrefix + name)),
    frontend.sync(),
  ]);
}
