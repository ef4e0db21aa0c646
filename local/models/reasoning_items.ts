import { randomBytes } from "node:crypto";
import { OpenAiError } from "./openai_error.ts";
import type { ResponsesItem } from "./responses_request.ts";

/** The reasoning that the Responses API gave away and, storing nothing, wants back with what followed from it. */
export class ReasoningItems {
  #encrypted = new Map<string, string>();
  #reasoningOf = new Map<string, string>();

  /** A new item; `itemIds` are those that followed from it. */
  issue(itemIds: readonly string[], withContent: boolean) {
    const id = `rs_${randomBytes(12).toString("hex")}`;
    const encrypted = `gAAAA${randomBytes(48).toString("base64url")}`;
    this.#encrypted.set(id, encrypted);
    for (const itemId of itemIds) this.#reasoningOf.set(itemId, id);
    return {
      type: "reasoning",
      id,
      summary: [],
      ...(withContent ? { encrypted_content: encrypted } : {}),
    };
  }

  check(input: readonly ResponsesItem[]): void {
    const given = new Set<string>();
    for (const [index, item] of input.entries()) {
      if (item.type === "reasoning") {
        this.#checkContent(item);
        given.add(item.id);
        this.#checkFollower(item.id, input[index + 1]);
      }
      if (item.type === "function_call" && item.id !== undefined) {
        const needed = this.#reasoningOf.get(item.id);
        if (needed === undefined || given.has(needed)) continue;
        throw new OpenAiError(
          400,
          `Item '${item.id}' of type 'function_call' was provided without its required 'reasoning' item: '${needed}'.`,
          { param: "input" },
        );
      }
    }
  }

  #checkContent({
    id,
    encrypted_content,
  }: {
    id: string;
    encrypted_content?: string | null | undefined;
  }) {
    if (!encrypted_content) {
      throw new OpenAiError(
        404,
        `Item with id '${id}' not found. Items are not persisted when \`store\` is set to false.`,
        { param: "input" },
      );
    }
    if (this.#encrypted.get(id) !== encrypted_content) {
      throw new OpenAiError(
        400,
        `The encrypted content for item ${id} could not be verified. Reason: Encrypted content could not be decrypted or parsed.`,
        { code: "invalid_encrypted_content" },
      );
    }
  }

  #checkFollower(id: string, next: ResponsesItem | undefined): void {
    if (next?.type === "function_call" || next?.type === "message") return;
    throw new OpenAiError(
      400,
      `Item '${id}' of type 'reasoning' was provided without its required following item.`,
      { param: "input" },
    );
  }
}
