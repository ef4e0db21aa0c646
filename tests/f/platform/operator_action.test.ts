import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { blockContact } from "../../../f/operations/block_contact.ts";
import { setCredentials } from "../../../f/operations/set_credentials.ts";
import { unblockContact } from "../../../f/operations/unblock_contact.ts";
import {
  type Action,
  authorize,
  NotPermittedError,
  operatorOfJob,
} from "../../../f/platform/operator_action.ts";
import { withTenant } from "../../../f/platform/postgres.ts";
import type { TestDatabase } from "../../helpers/database.ts";
import { insertUser } from "../../helpers/records.ts";
import type { AuditLogRow, UserRow } from "../../helpers/rows.ts";
import { createTestDatabase, openShop, type Shop } from "../chat/shop.ts";
import { openConversation } from "../operations/conversation.ts";
import { KEYS } from "../operations/keys.ts";
import { OPERATOR } from "../operations/operators.ts";

let db: TestDatabase;
let shop: Shop;
beforeAll(async () => {
  db = await createTestDatabase();
  shop = await openShop(db);
});
afterAll(() => db.close());

const userOf = (role: UserRow["role"], organization_id = shop.organization.id) =>
  insertUser(db, { organization_id, role });
const mayDo = (userId: string, action: Action) =>
  shop.as((database) =>
    withTenant(database, shop.organization.id, (tenant) =>
      authorize(tenant, { ...OPERATOR, userId }, action),
    ),
  );
const auditLog = (of: Shop) =>
  db.query<AuditLogRow>("select * from audit_log where organization_id = $1 order by id", [
    of.organization.id,
  ]);

describe("what a role may do", () => {
  it("is this table", async () => {
    const rows = await db.query<{ action: string; roles: string }>(
      `select action, string_agg(role, ' ' order by role) as roles
       from role_permissions group by action order by action`,
    );
    expect(Object.fromEntries(rows.map(({ action, roles }) => [action, roles]))).toEqual({
      acknowledge_alert: "admin member owner",
      approve_tools: "admin owner",
      block_contact: "admin member owner",
      delete_document: "admin owner",
      erase_contact: "owner",
      export_contact: "admin owner",
      give_back_conversation: "admin member owner",
      manage_users: "owner",
      set_credentials: "admin owner",
      take_over_conversation: "admin member owner",
      unblock_contact: "admin member owner",
      upload_document: "admin owner",
    });
  });

  it.each<[UserRow["role"], Action, Action | null]>([
    ["member", "take_over_conversation", "set_credentials"],
    ["admin", "set_credentials", "erase_contact"],
    ["owner", "erase_contact", null],
  ])("a %s may %s and not %s", async (role, allowed, denied) => {
    const { id } = await userOf(role);
    await expect(mayDo(id, allowed)).resolves.toBeUndefined();
    if (denied) await expect(mayDo(id, denied)).rejects.toThrow(NotPermittedError);
  });

  it("is nothing in another organization, and nothing for nobody", async () => {
    const other = await openShop(db);
    const owner = await userOf("owner", other.organization.id);
    await expect(mayDo(owner.id, "take_over_conversation")).rejects.toThrow(NotPermittedError);
    await expect(mayDo(randomUUID(), "take_over_conversation")).rejects.toThrow(NotPermittedError);
  });

  it("cannot be widened by a step's login", async () => {
    const widen = shop.as((database) =>
      database.query("insert into role_permissions values ('member', 'erase_contact')"),
    );
    await expect(widen).rejects.toMatchObject({ code: "42501" });
  });
});

describe("the operator of a job", () => {
  it("is Windmill's login, and a user only when one is named", () => {
    const env = { WM_EMAIL: "ada@example.com", WM_USERNAME: "ada", WM_JOB_ID: "job" };
    expect(operatorOfJob("", env)).toEqual({
      userId: null,
      windmillUser: "ada@example.com",
      jobId: "job",
    });
    expect(operatorOfJob("user", env)).toMatchObject({ userId: "user" });
  });
});

describe("the audit log", () => {
  it("says who took a conversation over and gave it back, once for each change", async () => {
    const conversation = await openConversation(db);
    const member = await insertUser(db, {
      organization_id: conversation.shop.organization.id,
      role: "member",
    });
    await conversation.takeOver(member.id);
    await conversation.takeOver(member.id);
    await conversation.giveBack(member.id);
    await conversation.giveBack();
    const common = {
      user_id: member.id,
      windmill_user: OPERATOR.windmillUser,
      job_id: OPERATOR.jobId,
      subject_table: "contacts",
      subject_id: conversation.contactId,
    };
    expect(await auditLog(conversation.shop)).toEqual([
      expect.objectContaining({ ...common, action: "take_over_conversation" }),
      expect.objectContaining({ ...common, action: "give_back_conversation" }),
    ]);
  });

  it("has nothing of what was refused, and the refused changed nothing", async () => {
    const conversation = await openConversation(db);
    const stranger = await userOf("owner");
    await expect(conversation.takeOver(stranger.id)).rejects.toThrow(NotPermittedError);
    expect(await auditLog(conversation.shop)).toEqual([]);
    expect((await conversation.contact()).conversation_mode).toBe("auto");
  });

  it("says who was blocked and unblocked, without a number", async () => {
    const at = await openShop(db);
    const name = { kind: "phone", phone: "491514711", isPrefix: false } as const;
    await at.as((database) => blockContact(database, at.chatbot.id, name, OPERATOR));
    await at.as((database) => unblockContact(database, at.chatbot.id, name, OPERATOR));
    const entries = await auditLog(at);
    expect(entries.map(({ action }) => action)).toEqual(["block_contact", "unblock_contact"]);
    expect(JSON.stringify(entries)).not.toContain("491514711");
  });

  it("keeps the secret of a credential to itself", async () => {
    const at = await openShop(db);
    const owner = { table: "chatbots", id: at.chatbot.id } as const;
    await at.as((database) => setCredentials(database, KEYS, OPERATOR, owner, "EAAG0new"));
    const entries = await auditLog(at);
    expect(entries).toMatchObject([{ action: "set_credentials", details: { key_version: "1" } }]);
    expect(JSON.stringify(entries)).not.toContain("EAAG0new");
  });

  it.each(["update audit_log set action = 'x'", "delete from audit_log"])(
    "is refused to a step's login: %s",
    async (statement) => {
      const change = shop.as((database) => database.query(statement));
      await expect(change).rejects.toMatchObject({ code: "42501" });
    },
  );
});
