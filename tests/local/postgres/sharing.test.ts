import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  type MigratedPostgres,
  startMigratedPostgres,
} from "../../../local/postgres/start_migrated_postgres.ts";
import { eventually } from "../../helpers/eventually.ts";
import { type Clients, clientsOf } from "./clients.ts";

const CLIENTS = 20;
const INSERTS = 400;
const PADDING = "x".repeat(200_000);

let postgres: MigratedPostgres;
let clients: Clients;
beforeAll(async () => {
  postgres = await startMigratedPostgres();
});
afterAll(() => postgres.close());
beforeEach(async () => {
  clients = clientsOf(postgres.url);
  const setup = await clients.connect();
  await setup.query(`
    drop table if exists small, large;
    create table small (id integer, content text, author text default current_user);
    create table large (id integer, content text, note text, author text default current_user);
    grant all on small, large to chatbot_app`);
});
afterEach(() => clients.closeAll());

describe("many clients at once", () => {
  it("get each row into the table, and under the role, that it was meant for", async () => {
    const pool = await Promise.all(
      Array.from({ length: CLIENTS }, (_, at) =>
        clients.connect(at % 4 < 2 ? "postgres" : "chatbot_app"),
      ),
    );
    await Promise.all(
      pool.map(async (client, at) => {
        for (let id = at; id < INSERTS; id += CLIENTS) {
          // parameters of 200 KB arrive in several pieces, which is when clients get mixed up
          if (at % 2 === 0)
            await client.query("insert into small (id, content) values ($1, $2)", [
              id,
              `small${PADDING}`,
            ]);
          else
            await client.query("insert into large (id, content, note) values ($1, $2, $3)", [
              id,
              `large${PADDING}`,
              "note",
            ]);
        }
      }),
    );
    const [reader] = pool as [pg.Client];
    const { rows } = await reader.query(`
      select tableoid::regclass::text as place, count(*)::int as rows,
        count(*) filter (where not starts_with(content, tableoid::regclass::text))::int as misplaced,
        count(*) filter (where author <> case when id % 4 < 2 then 'postgres' else 'chatbot_app' end)::int
          as under_another_role
      from (select tableoid, id, content, author from small
            union all select tableoid, id, content, author from large) both_tables
      group by tableoid order by place`);
    expect(rows).toEqual([
      { place: "large", rows: INSERTS / 2, misplaced: 0, under_another_role: 0 },
      { place: "small", rows: INSERTS / 2, misplaced: 0, under_another_role: 0 },
    ]);
  });

  it("may use the same name for different prepared statements", async () => {
    const [one, other] = [await clients.connect(), await clients.connect()];
    const ask = async (client: pg.Client, text: string) =>
      (await client.query<{ answer: number }>({ name: "ask", text })).rows[0]?.answer;
    expect(await ask(one, "select 1 as answer")).toBe(1);
    expect(await ask(other, "select 2 as answer")).toBe(2);
    expect(await ask(one, "select 1 as answer")).toBe(1);
  });

  it("each get all of a big result", async () => {
    const readers = await Promise.all([clients.connect(), clients.connect(), clients.connect()]);
    const lengths = await Promise.all(
      readers.map(async (reader, at) => {
        const { rows } = await reader.query<{ content: string }>(
          `select repeat('${at}', 1000000) as content from generate_series(1, 20)`,
        );
        return rows.filter(({ content }) => content === String(at).repeat(1_000_000)).length;
      }),
    );
    expect(lengths).toEqual([20, 20, 20]);
  });
});

describe("a transaction", () => {
  it("keeps the others waiting until it ends", async () => {
    const [writer, reader] = [await clients.connect(), await clients.connect()];
    await writer.query("begin");
    await writer.query("insert into small (id) values (1)");
    const order: string[] = [];
    const read = reader.query("select id from small").then(({ rows }) => {
      order.push("read");
      return rows;
    });
    // answered after the reader's question has been sent
    await writer.query("insert into small (id) values (2)");
    order.push("second insert");
    await writer.query("commit");
    expect(await read).toEqual([{ id: 1 }, { id: 2 }]);
    expect(order).toEqual(["second insert", "read"]);
  });

  it("is rolled back when its client is killed", async () => {
    const [writer, reader] = [await clients.connect(), await clients.connect()];
    await reader.query("insert into small (id) values (0)");
    await writer.query("begin");
    await writer.query("insert into small (id) values (1)");
    clients.kill(writer);
    const { rows } = await reader.query("select id from small");
    expect(rows).toEqual([{ id: 0 }]);
  });

  it("that failed is rolled back when its client is killed", async () => {
    const [writer, reader] = [await clients.connect(), await clients.connect()];
    await writer.query("begin");
    await expect(writer.query("select 1 / 0")).rejects.toMatchObject({ code: "22012" });
    clients.kill(writer);
    expect((await reader.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  });
});

describe("a client that goes away while it waits", () => {
  it("leaves the others their turns", async () => {
    const [writer, waiting, reader] = [
      await clients.connect(),
      await clients.connect(),
      await clients.connect(),
    ];
    await writer.query("begin");
    const lost = waiting.query("select 1").catch((error: Error) => error);
    clients.kill(waiting);
    expect(await lost).toBeInstanceOf(Error);
    const read = reader.query("select 1 as one");
    await writer.query("commit");
    expect((await read).rows).toEqual([{ one: 1 }]);
  });
});

describe("a session", () => {
  it.each(["chatbot_app", "chatbot_ingress"])(
    "belongs to the role that logged in: %s",
    async (role) => {
      const [client, superuser] = [await clients.connect(role), await clients.connect()];
      for (const [asking, name] of [
        [client, role],
        [superuser, "postgres"],
        [client, role],
      ] as const) {
        const { rows } = await asking.query("select current_user, session_user");
        expect(rows).toEqual([{ current_user: name, session_user: name }]);
      }
    },
  );

  it("does not inherit the organization that another client set", async () => {
    const [one, other] = [
      await clients.connect("chatbot_app"),
      await clients.connect("chatbot_app"),
    ];
    const organization = "select current_setting('app.organization_id', true) as id";
    await one.query("select set_config('app.organization_id', 'theirs', false)");
    expect((await one.query(organization)).rows).toEqual([{ id: "theirs" }]); // control
    expect((await other.query(organization)).rows).not.toEqual([{ id: "theirs" }]);
  });

  it("has the settings that its client asked for at the start", async () => {
    const client = await clients.connect("postgres", {
      application_name: "a job",
      options: "-c work_mem=8MB",
    });
    await (await clients.connect()).query("select 1");
    const { rows } = await client.query(
      "select current_setting('application_name') as name, current_setting('work_mem') as memory",
    );
    expect(rows).toEqual([{ name: "a job", memory: "8MB" }]);
  });

  it("leaves no prepared statement behind", async () => {
    const client = await clients.connect();
    await client.query({ name: "kept", text: "select 1" });
    const watcher = await clients.connect();
    const statements = async () =>
      (await watcher.query("select name from pg_prepared_statements where name like '%kept'")).rows;
    expect(await statements()).toHaveLength(1);
    clients.kill(client);
    await eventually(async () => expect(await statements()).toEqual([]));
  });
});
