import { afterAll, beforeAll, expect, it } from "vitest";
import { withConnection } from "../../db/connection.ts";
import { migrate } from "../../db/migrate.ts";
import { seed } from "../../db/seed.ts";
import { verify } from "../../db/verify.ts";
import {
  type EmbeddedPostgres,
  startEmbeddedPostgres,
} from "../../local/postgres/embedded_postgres.ts";

/** As db/init/roles.sql has it: the owner of the tables is bound by row-level security too. */
const OWNER = "chatbot_owner";

let postgres: EmbeddedPostgres;
let ownerUrl: string;
beforeAll(async () => {
  postgres = await startEmbeddedPostgres();
  ownerUrl = postgres.url.replace("postgres@", `${OWNER}@`);
  await withConnection(postgres.url, (database) =>
    database.query(`
      create role ${OWNER} login nosuperuser nobypassrls;
      create role chatbot_app login nosuperuser nobypassrls;
      create role chatbot_ingress login nosuperuser nobypassrls;
      create role chatbot_router nologin nosuperuser nobypassrls;
      grant chatbot_router to ${OWNER} with admin option;
      alter database postgres owner to ${OWNER};
      create extension vector`),
  );
});
afterAll(() => postgres.close());

it("an owner that is no superuser migrates up, down and up, and seeds", async () => {
  await migrate(ownerUrl);
  await migrate(ownerUrl, "down");
  await migrate(ownerUrl);
  await seed(ownerUrl, { phoneNumberId: "1", displayPhoneNumber: "+1" });
  await seed(ownerUrl, { phoneNumberId: "2", displayPhoneNumber: "+2" });
  expect(await withConnection(ownerUrl, verify)).toEqual([]);
  const chatbots = await withConnection(postgres.url, (database) =>
    database.query("select phone_number_id from chatbots"),
  );
  expect(chatbots).toEqual([{ phone_number_id: "2" }]);
});

it("that owner sees no tenant's rows either", async () => {
  const seen = await withConnection(ownerUrl, (database) => database.query("select from users"));
  const all = await withConnection(postgres.url, (database) => database.query("select from users"));
  expect(all).toHaveLength(1); // control
  expect(seen).toEqual([]);
});
