import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Conversation, PhoneChatbot } from "../../../local/phone/types.ts";
import { flowRuns, knowledgeSources } from "../../../local/phone_options.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import {
  insertChatbot,
  insertContact,
  insertKnowledgeSource,
  insertMessage,
  insertTurn,
} from "../../helpers/records.ts";
import type { ChatbotRow, ContactRow } from "../../helpers/rows.ts";

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);

describe("knowledgeSources", () => {
  it("lists this chatbot's sources, each with how far it is or why it failed", async () => {
    const chatbot = await insertChatbot(db);
    const add = (name: string, more: object) =>
      insertKnowledgeSource(db, { chatbot_id: chatbot.id, name, ...more });
    await add("handbook", {});
    await add("prices", { status: "processing", progress: 40 });
    await add("scan", { status: "failed", error_message: "This PDF has no text." });
    await insertKnowledgeSource(db, { name: "of another chatbot" });
    expect(await knowledgeSources(db, phoneChatbot(chatbot))).toEqual([
      { name: "scan", state: "failed", status: "This PDF has no text.", percent: undefined },
      { name: "prices", state: "running", status: "processing", percent: 40 },
      { name: "handbook", state: "done", status: "ready", percent: undefined },
    ]);
  });
});

describe("flowRuns", () => {
  it("names each run by what the contact wrote first in it", async () => {
    const chatbot = await insertChatbot(db);
    const contact = await insertContact(db, { chatbot_id: chatbot.id });
    const say = async (jobId: string, at: Date, bodies: string[], kind = "text") => {
      const turn = await insertTurn(db, {
        contact_id: contact.id,
        status: "completed",
        flow_job_id: jobId,
        created_at: at,
      });
      const message = { contact_id: contact.id, turn_id: turn.id };
      for (const body of bodies) await insertMessage(db, { ...message, body, kind, sent_at: at });
      await insertMessage(db, { ...message, author: "chatbot", sent_at: minutesAgo(60) });
    };
    await say("older", minutesAgo(3), ["I bought a bicycle", "when is the inspection?"]);
    await say("voice", minutesAgo(2), [""], "audio");
    await say("wordless", minutesAgo(1), []);
    const runs = await flowRuns(db, conversation(chatbot, contact));
    expect(runs.map(({ jobId, opening }) => [jobId, opening])).toEqual([
      ["wordless", ""],
      ["voice", "audio"],
      ["older", "I bought a bicycle"],
    ]);
  });
});

function phoneChatbot({ id, phone_number_id, name }: ChatbotRow): PhoneChatbot {
  return { chatbotId: id, phoneNumberId: phone_number_id, displayName: name };
}

function conversation(chatbot: ChatbotRow, { phone }: ContactRow): Conversation {
  return {
    chatbot: phoneChatbot(chatbot),
    contact: { waId: phone ?? expect.unreachable("a contact with a phone"), name: "Grace" },
  };
}
