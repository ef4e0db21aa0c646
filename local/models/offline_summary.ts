import { type ChatMessage, textOf } from "./chat_request.ts";

const IS_ASKED = /^You keep the notes of a customer's conversation/;
const MAX_LENGTH = 900;

/** The notes that are asked for: those so far, and what the customer said since. Undefined when it is no such request. */
export function summaryOffline(messages: readonly ChatMessage[]): string | undefined {
  const [rules, notes, since] = messages.map(({ content }) => textOf(content));
  if (!IS_ASKED.test(rules ?? "")) return undefined;
  const before = inside(notes).filter((line) => line !== "none");
  const said = inside(since).flatMap((line) => {
    const { customer }: { customer?: string } = JSON.parse(line);
    return customer === undefined ? [] : [`The customer wrote: ${customer.slice(0, 120)}`];
  });
  // the newest is what matters when it is too much
  return [...before, ...said].join("\n").slice(-MAX_LENGTH);
}

/** The lines between the marks. */
function inside(block = ""): string[] {
  return block.split("\n").slice(1, -1);
}
