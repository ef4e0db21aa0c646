import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webhookBody } from "../../local/whatsapp/webhook_bodies.ts";
import { eventually } from "../helpers/eventually.ts";
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
});
afterAll(() => stack.close());

function stepStarted(stepId: string): Promise<void> {
  return new Promise((resolve) => {
    const stopListening = stack.windmill.onJob((event) => {
      if (event.stepId !== stepId || event.type !== "started") return;
      stopListening();
      resolve();
    });
  });
}

describe("a message to a chatbot", () => {
  it("is answered once, and the conversation, the usage and the ticks are in the database", async () => {
    await contactSays(stack, "15550101001", "Hello");
    expect(await receivedWhenSettled(stack, "15550101001")).toHaveLength(1);

    const conversation = await eventually(async () => {
      const rows = await stack.admin.query(
        `select m.author, m.delivery_status from messages m join contacts c on c.id = m.contact_id
         where c.phone = '15550101001' order by m.id`,
      );
      expect(rows.at(-1)).toEqual({ author: "chatbot", delivery_status: "read" });
      return rows;
    });
    expect(conversation).toEqual([
      { author: "contact", delivery_status: null },
      { author: "chatbot", delivery_status: "read" },
    ]);
    const [usage] = await stack.admin.query<{ model: string; input_tokens: number }>(
      `select l.model, l.input_tokens from usage_logs l join contacts c on c.id = l.contact_id
       where c.phone = '15550101001'`,
    );
    expect(usage).toMatchObject({ model: "offline-1" });
    expect(usage?.input_tokens).toBeGreaterThan(0);
  });

  it("is answered once when Meta delivers it four times at once", async () => {
    const wamid = await contactSays(stack, "15550101002", "Hello, is anybody there?");
    const [event] = await stack.admin.query<{ payload: { message: { timestamp: string } } }>(
      "select payload from webhook_events where external_id = $1",
      [wamid],
    );
    const again = webhookBody(stack.shop.phoneNumber, {
      contacts: [{ wa_id: "15550101002", profile: { name: "Maya" } }],
      messages: [event?.payload.message],
    });
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => stack.whatsapp.sendRawWebhook(again)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
    expect(await receivedWhenSettled(stack, "15550101002")).toHaveLength(1);
  });

  it("typed in three pieces gets one reply, and the next question one of its own", async () => {
    for (const piece of ["Hello", "I have a question", "are you there?"]) {
      await contactSays(stack, "15550101003", piece);
    }
    expect(await receivedWhenSettled(stack, "15550101003")).toHaveLength(1);
    const turns = await stack.admin.query<{ pieces: number }>(
      `select count(*)::int as pieces from messages m join contacts c on c.id = m.contact_id
       where c.phone = '15550101003' and m.author = 'contact' group by m.turn_id`,
    );
    expect(turns).toEqual([{ pieces: 3 }]);

    await contactSays(stack, "15550101003", "thank you");
    expect(await receivedWhenSettled(stack, "15550101003")).toHaveLength(2);
  });

  it("from several contacts at once is answered to each", async () => {
    const contacts = ["15550101011", "15550101012", "15550101013"];
    await Promise.all(contacts.map((waId) => contactSays(stack, waId, "Hello")));
    await settled(stack);
    for (const waId of contacts) expect(stack.whatsapp.received({ waId })).toHaveLength(1);
  });

  it("that arrives while a reply is being made waits for the next turn", async () => {
    const replyIsBeingMade = stepStarted("generate_reply");
    await contactSays(stack, "15550101004", "Hello");
    await replyIsBeingMade;
    await contactSays(stack, "15550101004", "Good morning");
    expect(await receivedWhenSettled(stack, "15550101004")).toHaveLength(2);
  });

  it("to a number that no chatbot has is kept and not answered", async () => {
    const answer = await stack.whatsapp.sendRawWebhook(
      webhookBody(stack.shop.phoneNumber, {
        metadata: { display_phone_number: "15550100999", phone_number_id: "999999999999999" },
        contacts: [{ wa_id: "15550101005", profile: { name: "Maya" } }],
        messages: [
          {
            from: "15550101005",
            id: "wamid.unknown-number",
            timestamp: String(Math.floor(Date.now() / 1000)),
            type: "text",
            text: { body: "Hello" },
          },
        ],
      }),
    );
    expect(answer.status).toBe(200);
    expect(
      await stack.admin.query(
        "select organization_id, status from webhook_events where external_id = 'wamid.unknown-number'",
      ),
    ).toEqual([{ organization_id: null, status: "received" }]);
    expect(stack.whatsapp.received({ waId: "15550101005" })).toEqual([]);
  });
});
