import { randomBytes } from "node:crypto";

/** A mark that nobody who writes to the chatbot, and no page that it reads, can know beforehand. */
export function newFence(): string {
  return randomBytes(8).toString("hex");
}

/**
 * Marks a text from outside as data. Whoever wrote it cannot end the block: its mark is new in each turn, and taken
 * out of the text should it stand there all the same.
 */
export function fenced(what: string, text: string, fence: string): string {
  return `[data ${fence}: ${what}]\n${text.replaceAll(fence, "")}\n[end of data ${fence}]`;
}
