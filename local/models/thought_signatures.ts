import { randomBytes } from "node:crypto";
import type { GeminiContent } from "./gemini_body.ts";
import { GoogleError } from "./google_error.ts";

/** What Google takes for a call that another model made. */
const FOREIGN = "skip_thought_signature_validator";

/** Gemini 3 signs the first call of each step, and wants the signatures of the current turn back with their calls. */
export class ThoughtSignatures {
  #callOf = new Map<string, string>();

  sign(call: { name: string; args?: object | undefined }): string {
    const signature = randomBytes(48).toString("base64");
    this.#callOf.set(signature, keyOf(call));
    return signature;
  }

  check(contents: readonly GeminiContent[]): void {
    const turn = contents.slice(beginOfTurn(contents));
    for (const { role, parts } of turn) {
      if (role !== "model") continue;
      const position = parts.findIndex((part) => part.functionCall !== undefined);
      const first = parts[position];
      if (!first?.functionCall) continue;
      const { thoughtSignature: signature, functionCall: call } = first;
      if (signature === undefined) {
        throw new GoogleError(
          400,
          "Function call is missing a thought_signature in functionCall parts. This is required for tools to work " +
            `correctly. Additional data, function call \`default_api:${call.name}\`, position ${position + 1}.`,
        );
      }
      if (signature !== FOREIGN && this.#callOf.get(signature) !== keyOf(call)) {
        throw new GoogleError(400, "Corrupted thought signature.");
      }
    }
  }
}

/** A turn begins with what the user said last; results of calls belong to it. */
function beginOfTurn(contents: readonly GeminiContent[]): number {
  return contents.findLastIndex(
    ({ role, parts }) => role === "user" && parts.every((part) => !part.functionResponse),
  );
}

function keyOf({ name, args }: { name: string; args?: object | undefined }): string {
  return JSON.stringify([name, args ?? {}]);
}
