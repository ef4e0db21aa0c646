import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { webhookBody } from "../../local/whatsapp/webhook_bodies.ts";
import { eventually } from "../helpers/eventually.ts";
import type { MessageMediaRow } from "../helpers/rows.ts";
import {
  contactSays,
  receivedWhenSettled,
  settled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

/** A job's script is bundled the first time it runs. */

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
});
afterAll(() => stack.close());

async function contactSendsFile(waId: string, caption?: string): Promise<void> {
  const sent = stack.whatsapp.contactSendsFile({
    phoneNumberId: stack.shop.phoneNumber.phoneNumberId,
    contact: { waId, name: "Maya" },
    file: {
      kind: "image",
      bytes: Buffer.from("a picture"),
      mimeType: "image/png",
      ...(caption === undefined ? {} : { caption }),
    },
  });
  await sent.delivery;
}

/** Out of the workspace's object storage. */
async function storedFile(key: string | null | undefined): Promise<string> {
  const { baseUrl, workspace, token } = stack.windmill;
  const url = `${baseUrl}/api/w/${workspace}/job_helpers/download_s3_file?file_key=${key}`;
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` } });
  return answer.text();
}

describe("a picture", () => {
  it("without words is answered by the chatbot's words for that", async () => {
    await contactSendsFile("15550106001");
    const [chatbot] = await stack.admin.query<{ media_message: string }>(
      "select media_message from chatbots",
    );
    expect(await receivedWhenSettled(stack, "15550106001")).toEqual([chatbot?.media_message]);
    expect(await stack.admin.query("select id from message_media")).toEqual([]);
  });

  it("is stored beside its answer when the chatbot keeps media", async () => {
    await stack.admin.query("update chatbots set keeps_media = true");
    await contactSendsFile("15550106002", "Hello, what do you think of this?");
    expect(await receivedWhenSettled(stack, "15550106002")).toHaveLength(1);
    const stored = await eventually(async () => {
      const [media] = await stack.admin.query<MessageMediaRow>("select * from message_media");
      expect(media).toMatchObject({ status: "stored", mime_type: "image/png", failure: null });
      return media;
    });
    expect(await storedFile(stored?.s3_key)).toBe("a picture");
  });
});

describe("a contact with a new number", () => {
  it("goes on with the same conversation", async () => {
    await contactSays(stack, "15550106003", "Hello");
    await settled(stack);
    const from = {
      from: "15550106003",
      id: "wamid.number.changed",
      timestamp: String(Math.floor(Date.now() / 1_000)),
    };
    const system = { type: "user_changed_number", wa_id: "15550106004", body: "Maya changed" };
    const { phoneNumber } = stack.shop;
    const answer = await stack.whatsapp.sendRawWebhook(
      webhookBody(phoneNumber, { messages: [{ ...from, type: "system", system }] }),
    );
    expect(answer.status).toBe(200);
    await settled(stack);
    await contactSays(stack, "15550106004", "Me again");
    expect(await receivedWhenSettled(stack, "15550106004")).toHaveLength(1);
    const contacts = await stack.admin.query(
      `select c.phone, count(m.id)::int as messages from contacts c join messages m on m.contact_id = c.id
       where c.phone in ('15550106003', '15550106004') group by c.id`,
    );
    expect(contacts).toEqual([{ phone: "15550106004", messages: 4 }]);
  });
});
