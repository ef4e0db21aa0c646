import { afterAll, beforeAll, expect, it } from "vitest";
import { HANDBOOK_NAME, makeHandbookPdf } from "../../local/demo/handbook.ts";
import { uploadKnowledge } from "../../local/knowledge_upload.ts";
import {
  contactSays,
  receivedWhenSettled,
  startTestStack,
  type TestStack,
} from "../helpers/test_stack.ts";

let stack: TestStack;
beforeAll(async () => {
  stack = await startTestStack();
  const { chatbotId } = stack.shop;
  const content = await makeHandbookPdf();
  await uploadKnowledge(
    stack,
    { chatbotId, name: HANDBOOK_NAME, sourceType: "pdf", content },
    () => undefined,
  );
});
afterAll(() => stack.close());

/** The reply to a contact's first question, and what its search told the model. */
async function ask(waId: string, question: string) {
  const earlier = stack.models.requests.chat.length;
  await contactSays(stack, waId, question);
  const replies = await receivedWhenSettled(stack, waId);
  const searched = stack.models.requests.chat
    .slice(earlier)
    .flatMap(({ messages }) => messages)
    .filter(({ role }) => role === "tool");
  return { replies, searched: JSON.stringify(searched) };
}

it("what a document says is answered with its name and page", async () => {
  const { replies, searched } = await ask("15550300001", "How long is the frame's warranty?");
  expect(replies).toEqual([expect.stringMatching(/seven years/)]);
  expect(replies[0]).toMatch(new RegExp(`${HANDBOOK_NAME}.*page 2`, "s"));
  expect(searched).toContain("seven years");
});

it("what no document says is answered with I don't know, and no passage was shown to the model", async () => {
  const { replies, searched } = await ask("15550300002", "Who won the chess championship in Oslo?");
  expect(replies).toEqual([expect.stringMatching(/don't know/)]);
  expect(replies[0]).not.toContain(HANDBOOK_NAME);
  expect(searched).toContain("The documents hold nothing about this");
});
