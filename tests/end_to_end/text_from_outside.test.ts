import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { uploadKnowledge } from "../../local/knowledge_upload.ts";
import {
  contactSays,
  receivedWhenSettled,
  settled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

let stack: TestStack;

beforeAll(async () => {
  stack = await startTestStack();
  // The model says what it was told last: an echo is the worst that a model can do with a reference.
  stack.models.replyWith((request) => {
    const last = request.messages.filter(({ role }) => role === "user").at(-1);
    return { content: typeof last?.content === "string" ? last.content : "no text" };
  });
});
afterAll(() => stack.close());

const REFERENCES = [
  "$var:f/platform/openai_api_key",
  "$res:f/platform/postgres",
  "$jsonvar:f/platform/credentials_keys",
  "$encrypted:AAAA",
  "$WM_TOKEN",
];

describe("text that Windmill would take for a reference to a secret", () => {
  it.each(REFERENCES)("%s comes back as text", async (reference) => {
    const waId = `1555020${REFERENCES.indexOf(reference)}000`;
    await contactSays(stack, waId, reference, reference);
    const [reply] = await receivedWhenSettled(stack, waId);
    expect(reply).toContain(reference);
    expect(
      await stack.admin.query(
        `select m.body, c.profile_name from messages m join contacts c on c.id = m.contact_id
         where c.phone = $1 and m.author = 'contact'`,
        [waId],
      ),
    ).toEqual([{ body: reference, profile_name: reference }]);
  });

  it.each(REFERENCES)("%s stays the name of a document", async (reference) => {
    const { chatbotId } = stack.shop;
    const content = Buffer.from(`A document about ${reference}.`);
    await uploadKnowledge(
      stack,
      { chatbotId, name: reference, sourceType: "text", content },
      () => undefined,
    );
    expect(
      await stack.admin.query("select name from knowledge_sources where name = $1", [reference]),
    ).toHaveLength(1);
  });

  it("leaves no secret in any job's arguments, result or log, nor in what was sent", async () => {
    await settled(stack);
    const secrets = [
      stack.installation.whatsappAccessToken,
      ...Object.values(keysOf(stack.installation.credentialsKeys)),
      stack.slack.webhookUrl,
      stack.modelApiKey,
    ];
    const jobs = textsIn(join(stack.dataDir, "windmill", "jobs"));
    // control: the jobs are there, and what was said stands in them
    expect(jobs).toContain("f/chat/generate_reply");
    expect(jobs).toContain("$var:f/platform/openai_api_key");
    for (const secret of secrets) expect(jobs).not.toContain(secret);

    const sent = JSON.stringify(
      REFERENCES.map((_, index) => stack.whatsapp.received(`1555020${index}000`)),
    );
    for (const secret of secrets) expect(sent).not.toContain(secret);
  });
});

function keysOf(keySet: string): Record<string, string> {
  return (JSON.parse(keySet) as { keys: Record<string, string> }).keys;
}

function textsIn(folder: string): string {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), "utf8"))
    .join("\n");
}
