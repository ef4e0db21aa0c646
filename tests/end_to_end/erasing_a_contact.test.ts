import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { JsonObject } from "../../local/windmill/json.ts";
import { columnsHolding } from "../f/operations/personal_data.ts";
import { eventually } from "../helpers/eventually.ts";
import {
  contactSays,
  receivedWhenSettled,
  settled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

const WA_ID = "15550106789";
const NAME = "Zephyrine Quistgaard";
const SAID = "my favourite colour is vermilion";
const WORDS = [WA_ID, NAME, SAID];

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  await stack.admin.query("update chatbots set keeps_media = true");
});
afterAll(() => stack.close());

/** Windmill's job records and logs, and its object storage. */
function filesHolding(words: readonly string[]): string[] {
  return readdirSync(stack.dataDir, { recursive: true, encoding: "utf8", withFileTypes: true })
    .filter((entry) => entry.isFile() && /[\\/](jobs|logs|s3)([\\/]|$)/.test(entry.parentPath))
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((file) => {
      const text = readFileSync(file, "utf8");
      return words.some((word) => text.includes(word));
    });
}

async function run(path: string, args: JsonObject): Promise<unknown> {
  const { windmill } = stack;
  const db = "$res:f/platform/postgres";
  const { success, result } = await windmill.waitForJob(
    await windmill.runScript(path, { ...args, db }),
  );
  expect(success, JSON.stringify(result)).toBe(true);
  return result;
}

async function contactSendsPicture(): Promise<void> {
  await stack.whatsapp.contactSendsFile({
    phoneNumberId: stack.shop.phoneNumber.phoneNumberId,
    contact: { waId: WA_ID, name: NAME },
    file: { kind: "image", bytes: Buffer.from(SAID), mimeType: "image/png", caption: "Hello" },
  }).delivery;
  await settled(stack);
  await eventually(
    async () =>
      expect(await stack.admin.query("select status from message_media")).toEqual([
        { status: "stored" },
      ]),
    { withinMs: 40_000 },
  );
}

it("an erased contact is in no table, no job of Windmill's and no file", async () => {
  await contactSays(stack, WA_ID, `Hello, ${SAID}`, NAME);
  await settled(stack);
  await contactSendsPicture();
  await contactSays(stack, "15550106790", "Hello from another", "Maya");
  await settled(stack);
  const [contact] = await stack.admin.query<{ id: string }>(
    "select id from contacts where phone = $1",
    [WA_ID],
  );
  const contact_id = contact?.id ?? "";
  const exported = await run("f/operations/export_contact", { contact_id });
  expect(JSON.stringify(exported)).not.toContain(WA_ID);

  // control: the words are there before, also in the exported file
  expect(await columnsHolding(stack.admin, WORDS)).toEqual(
    expect.arrayContaining(["contacts.phone", "messages.body", "webhook_events.payload"]),
  );
  const files = filesHolding(WORDS);
  for (const kind of ["/jobs/", "/s3/"]) {
    expect(files.filter((file) => file.includes(kind)).length, kind).toBeGreaterThan(1);
  }
  const used = "select messages_used, tokens_used, cost_usd from usage_summary";
  const before = await stack.admin.query(used);

  expect(await run("f/operations/erase_contact", { contact_id })).toMatchObject({
    outcome: "erased",
    removed: { files: 2, message_media: 1 },
  });
  expect(await columnsHolding(stack.admin, WORDS)).toEqual([]);
  expect(filesHolding(WORDS)).toEqual([]);
  expect(await stack.admin.query(used)).toEqual(before);
  // control: what belongs to the other contact is there
  expect(filesHolding(["Hello from another"]).length).toBeGreaterThan(1);
  expect(await columnsHolding(stack.admin, ["Hello from another"])).toContain("messages.body");
});

it("a contact that was erased is answered as a new one", async () => {
  await contactSays(stack, WA_ID, "Hello again", NAME);
  expect(await receivedWhenSettled(stack, WA_ID)).not.toHaveLength(0);
  expect(await stack.admin.query("select id from contacts where phone = $1", [WA_ID])).toHaveLength(
    1,
  );
});
