import { maskSecrets } from "../platform/mask.ts";
import { maybeOne, one, type Tenant } from "../platform/postgres.ts";
import { storableJson, storableText } from "../platform/storable_text.ts";
import { TURN_LEASE } from "../platform/turn_lease.ts";
import { citedSources } from "./agent/cited_sources.ts";
import { cutMiddle } from "./agent/cut_middle.ts";
import { NoReplyError } from "./agent/run_agent.ts";
import type { AgentAnswer, ToolExecution } from "./agent/types.ts";
import type { ContextPayload } from "./context.ts";
import { handOver, lockForHandOver } from "./hand_over.ts";
import { keepTold } from "./keep_told.ts";

/**
 * Puts the answer, whose text is what may be sent, on the turn's row, with what it used and cites, and writes its
 * tool calls. False when another run has taken the turn over: then nothing is written. Throws NoReplyError when
 * nothing of the answer can be shown.
 */
export async function recordAnswer(
  tenant: Tenant,
  context: Pick<ContextPayload, "turn_id" | "fence" | "chatbot" | "contact" | "messages">,
  answer: AgentAnswer,
): Promise<boolean> {
  // the contact's row before the turn's, as everything that locks both
  await keepTold(tenant, context);
  const handing = answer.handOver && (await lockForHandOver(tenant, context.contact.id));
  const reply = handing?.notice ?? storableText(answer.text);
  // Markdown that WhatsApp cannot show at all, such as a lone rule
  if (reply === "") throw new NoReplyError(answer.usage.model, "text");
  const sources = citedSources(
    reply,
    answer.executions.flatMap((execution) => execution.sources),
  );
  const recorded = await maybeOne(
    tenant,
    `update turns set reply = $3, reply_kind = 'answer', sources = $4, usage = $5, status = 'replying',
       lease_expires_at = now() + $6::interval
     where id = $1 and fence = $2 and status = 'generating' and reply is null
     returning id`,
    [
      context.turn_id,
      context.fence,
      reply,
      storableJson(sources),
      JSON.stringify(answer.usage),
      TURN_LEASE,
    ],
  );
  if (!recorded) return false;
  if (handing?.isOurs) await handOver(tenant, context.contact.id, context.turn_id);
  await recordExecutions(tenant, context, answer.executions);
  return true;
}

/** After those of the turn's earlier runs, which came to no reply. */
export async function recordExecutions(
  tenant: Tenant,
  context: Pick<ContextPayload, "turn_id" | "chatbot">,
  executions: readonly ToolExecution[],
): Promise<void> {
  if (executions.length === 0) return;
  const { calls } = await one<{ calls: number }>(
    tenant,
    "select coalesce(max(call_no) + 1, 0) as calls from tool_executions where turn_id = $1",
    [context.turn_id],
  );
  for (const execution of executions) {
    await recordExecution(tenant, context, {
      ...execution,
      callNo: calls + execution.callNo,
    });
  }
}

async function recordExecution(
  tenant: Tenant,
  { turn_id, chatbot }: Pick<ContextPayload, "turn_id" | "chatbot">,
  execution: ToolExecution,
): Promise<void> {
  await tenant.query(
    `insert into tool_executions
       (organization_id, chatbot_id, turn_id, integration_id, call_no, tool_name, arguments, status, result, error,
        duration_ms)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
    [
      tenant.organizationId,
      chatbot.id,
      turn_id,
      execution.integrationId,
      execution.callNo,
      storableText(execution.toolName),
      storableJson(redacted(execution.args)),
      execution.status,
      recorded(execution.result),
      execution.error === null ? null : recorded(execution.error),
      execution.durationMs,
    ],
  );
}

/** For whoever looks into a call later: what it was about, and no more than that. */
const MAX_RECORDED = 4_000;

function recorded(text: string): string {
  return maskSecrets(cutMiddle(storableText(text), MAX_RECORDED));
}

function redacted(value: unknown): unknown {
  if (typeof value === "string") return recorded(value);
  if (Array.isArray(value)) return value.map(redacted);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, inner]) => [
    name,
    SECRET_NAME.test(name) ? "[secret]" : redacted(inner),
  ]);
  return Object.fromEntries(entries);
}

const SECRET_NAME = /password|secret|token|api_?key|authorization/i;
