import type { Stack } from "../stack.ts";

/**
 * Replies of which one attempt went unheard. The platform sends such a reply once more and then gives it up with an
 * alert, because no design tells a lost request from a lost answer: that window is bounded by two attempts, not
 * closed. A storm of many minutes would lose some replies twice by chance and prove only that, so whatever leaves a
 * send unheard (a killed sender, a Graph API that does not answer) meets each reply once. The verdict makes no
 * exception: a reply that is given up all the same counts as lost.
 */
export class UnheardReplies {
  #known: ReadonlySet<string> = new Set();

  /** By its delivery key, or by the id of its turn. */
  has(id: string): boolean {
    return this.#known.has(id);
  }

  /** Called each second: the platform waits three minutes before it sends a reply again. */
  async lookAgain({ admin }: Stack): Promise<void> {
    const rows = await admin.query<{ delivery_key: string; turn_id: string }>(
      "select delivery_key, turn_id from messages where author = 'chatbot' and unheard_attempts > 0",
    );
    this.#known = new Set(rows.flatMap(({ delivery_key, turn_id }) => [delivery_key, turn_id]));
  }
}
