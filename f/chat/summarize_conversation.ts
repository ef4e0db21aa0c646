import { chatModelFor } from "../platform/chat_model.ts";
import type { ChatModel } from "../platform/models.ts";
import {
  type Database,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { storableText } from "../platform/storable_text.ts";
import { readVariable } from "../platform/windmill_values.ts";
import { newFence } from "./agent/fenced.ts";
import { summaryPrompt } from "./agent/summary_prompt.ts";
import { turnUsage } from "./agent/turn_usage.ts";
import { withTenantOfTurn } from "./turn_tenant.ts";
import { logUnreservedUsage } from "./unreserved_usage.ts";
import { readUnsummarised, type Unsummarised } from "./unsummarised.ts";

/** none: the model gave no text, or another run was faster; what it used is in the ledger all the same. */
export interface Summarized {
  readonly outcome: "summarized" | "not_due" | "none";
  readonly turn_id: string;
}

/** Takes what no longer fits a contact's history into its summary. Started after a turn; no reply waits for it. */
export async function main(turn_id: string, db: Postgresql): Promise<Summarized> {
  // the installation's default, and not the model that the chatbot's replies are worth
  const model = chatModelFor([await readVariable("f/platform/chat_model")]);
  return withDb(db, (database) => summarizeConversation(database, model, turn_id));
}

const TIMEOUT_MS = 60_000;
/** Twice what the model is asked for: the rest of a text that rambles is cut. */
const MAX_LENGTH = 2_000;

export async function summarizeConversation(
  database: Database,
  model: ChatModel,
  turnId: string,
): Promise<Summarized> {
  const { organizationId, result: due } = await withTenantOfTurn(database, turnId, (tenant) =>
    readUnsummarised(tenant, turnId),
  );
  if (!due) return { outcome: "not_due", turn_id: turnId };
  const askedAt = performance.now();
  const answer = await model.answer({
    messages: summaryPrompt(due.summary, due.messages, newFence()),
    tools: [],
    toolChoice: "none",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const text = answer.kind === "text" || answer.kind === "length" ? answer.text.trim() : "";
  const call = { model: answer.model, tokens: answer.usage, toolCalls: 0 };
  const used = turnUsage([call], performance.now() - askedAt);
  const isStored = await withTenant(database, organizationId, async (tenant) => {
    const isStored = text !== "" && (await storeSummary(tenant, due, text));
    await logUnreservedUsage(tenant, turnId, "summary", used);
    return isStored;
  });
  return { outcome: isStored ? "summarized" : "none", turn_id: turnId };
}

/** Only on top of the summary that it was made from: of two runs at once, one wins. */
async function storeSummary(tenant: Tenant, due: Unsummarised, text: string): Promise<boolean> {
  const stored = await tenant.query(
    `update contacts set summary = $2, summary_until_message_id = $3
     where id = $1 and summary_until_message_id is not distinct from $4 returning id`,
    [
      due.contactId,
      storableText(text.slice(0, MAX_LENGTH)),
      due.messages.at(-1)?.id,
      due.untilMessageId,
    ],
  );
  return stored.length > 0;
}
