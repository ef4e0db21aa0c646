import { searchPassages } from "../knowledge/search_passages.ts";
import { raiseAlert, recordAlert } from "../platform/alerts.ts";
import { chatModelFor } from "../platform/chat_model.ts";
import { readEmbeddings } from "../platform/embeddings.ts";
import type { ChatModel } from "../platform/models.ts";
import {
  type Database,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { readPublicHttpPolicy } from "../platform/public_http_policy.ts";
import { readReranker } from "../platform/reranker.ts";
import { parseKeySet } from "../platform/secrets.ts";
import { type PostToSlack, slackAt } from "../platform/slack.ts";
import { windmillScripts } from "../platform/windmill_scripts.ts";
import { readVariable } from "../platform/windmill_values.ts";
import { instructionsOf, promptOf } from "./agent/prompt.ts";
import { replyText } from "./agent/reply_text.ts";
import { AgentRun } from "./agent/run_agent.ts";
import type { AgentAnswer, Tool } from "./agent/types.ts";
import { type ContextPayload, contextPayload } from "./context.ts";
import { handOverAlert } from "./hand_over.ts";
import { readUnansweredTurn } from "./read_turn_data.ts";
import { recordAnswer } from "./record_answer.ts";
import { recordFailedRun } from "./record_failed_run.ts";
import { builtInTools } from "./tools/built_in_tools.ts";
import { integrationTools } from "./tools/integration_tools.ts";
import { type McpAccess, type McpTools, mcpTools } from "./tools/mcp_tools.ts";
import { searchKnowledgeBase } from "./tools/search_knowledge_base.ts";
import { readToolSettings, type ToolSettings } from "./tools/tool_settings.ts";
import { windmillScriptTools } from "./tools/windmill_script_tools.ts";
import { warnOfShutdown } from "./warn_of_shutdown.ts";

/** The reply stands on the turn's row and is in no job's result. superseded: another run has the turn. */
export type GeneratedReply =
  | { readonly outcome: "reply"; readonly turn_id: string; readonly fence: number }
  | { readonly outcome: "superseded"; readonly turn_id: string };

/** What makes a reply: the model that a turn asks, and the tools that it may use. */
export interface ReplyMakers {
  modelFor(context: ContextPayload): Promise<ChatModel>;
  toolsFor(context: ContextPayload, turn: ToolsTurn): Promise<Tool[]>;
  /** asked only when there is something to tell */
  openSlack(): Promise<PostToSlack | undefined>;
}

/** What tools are made from beside the context. */
export interface ToolsTurn {
  readonly settings: ToolSettings;
  readonly traceparent: string | null;
}

/** Step 2. Makes the turn's reply with the chatbot's model and tools. */
export async function main(context: string, db: Postgresql): Promise<GeneratedReply> {
  const payload = contextPayload.parse(JSON.parse(context));
  return withDb(db, (database) =>
    withReplyMakers(database, (makers) => generateReply(database, makers, payload)),
  );
}

export async function generateReply(
  database: Database,
  makers: ReplyMakers,
  context: ContextPayload,
): Promise<GeneratedReply> {
  const { turn_id, fence } = context;
  const turn = await withTenant(database, context.organization_id, (tenant) =>
    readTurn(tenant, context),
  );
  if (turn === "superseded") return { outcome: "superseded", turn_id };
  if (turn === "has_reply") return { outcome: "reply", turn_id, fence };
  const log = (event: object) =>
    console.log(JSON.stringify({ ...event, turn_id, traceparent: turn.traceparent }));
  const run = new AgentRun({
    model: await makers.modelFor(context),
    tools: await makers.toolsFor(context, turn),
    messages: promptOf(context, turn),
    cacheKey: context.chatbot.id,
    fence: turn.fence,
    traceparent: turn.traceparent,
    priceOf: turn.priceOf,
    onEvent: log,
  });
  const answer = await recordedAnswer(database, context, run, log);
  if (!answer) return { outcome: "superseded", turn_id };
  if (answer.handOver) {
    const alert = handOverAlert(context, answer.handOver);
    await raiseAlert(database, context.organization_id, await makers.openSlack(), alert);
  }
  return { outcome: "reply", turn_id, fence };
}

/** Undefined when another run has the turn. What was used is written down however the run ends. */
async function recordedAnswer(
  database: Database,
  context: ContextPayload,
  run: AgentRun,
  log: (event: object) => void,
): Promise<AgentAnswer | undefined> {
  try {
    const said = await run.answer();
    const reply = replyText(said.text, run.messages, instructionsOf(context.chatbot));
    if (reply.removedLinks > 0) log({ event: "links_removed", links: reply.removedLinks });
    const answer = { ...said, text: reply.text };
    const isRecorded = await withTenant(database, context.organization_id, async (tenant) => {
      const recorded = await recordAnswer(tenant, context, answer);
      // with the hand-over, so that tell_alerts tells it should this job die before it told Slack
      if (recorded && answer.handOver) {
        await recordAlert(tenant, handOverAlert(context, answer.handOver));
      }
      return recorded;
    });
    if (isRecorded) return answer;
  } catch (error) {
    await recordFailedRun(database, context, run);
    throw error;
  }
  await recordFailedRun(database, context, run);
  return undefined;
}

async function readTurn(tenant: Tenant, { turn_id, fence, chatbot }: ContextPayload) {
  const turn = await readUnansweredTurn(tenant, turn_id, fence);
  if (typeof turn === "string") return turn;
  return { ...turn, settings: await readToolSettings(tenant, chatbot.id) };
}

/** What was connected to for tools is let go at the end. */
async function withReplyMakers<Result>(
  database: Database,
  work: (makers: ReplyMakers) => Promise<Result>,
): Promise<Result> {
  const connected: McpTools[] = [];
  try {
    return await work(replyMakers(database, connected));
  } finally {
    await Promise.all(connected.map((mcp) => mcp.close()));
  }
}

function replyMakers(database: Database, connected: McpTools[]): ReplyMakers {
  return {
    async modelFor({ organization_id, chatbot }) {
      const id = chatbot.model ?? (await readVariable("f/platform/chat_model"));
      const inUse = { organizationId: organization_id, chatbotId: chatbot.id };
      for (const model of [id, ...chatbot.fallback_models]) {
        await warnOfShutdown(database, { ...inUse, model }, new Date());
      }
      return chatModelFor([id, ...chatbot.fallback_models]);
    },
    openSlack: async () => slackAt(await readVariable("f/platform/slack_webhook_url")),
    async toolsFor(context, { settings, traceparent }) {
      const { organization_id, chatbot, contact, turn_id, tools } = context;
      // the tenant, the chatbot and the contact are the turn's: nothing the model writes can change them
      const scope = { organizationId: organization_id, chatbotId: chatbot.id, turnId: turn_id };
      const turn = { ...scope, contactId: contact.id, traceparent };
      const mcp = mcpTools(database, turn, readMcpAccess);
      connected.push(mcp);
      const scripts = windmillScriptTools(windmillScripts(), turn);
      const always = [
        ...builtInTools(database, context, settings),
        ...(await integrationTools(database, scope, settings.integrations, {
          mcp: mcp.open,
          windmill_script: scripts,
        })),
      ];
      if (!tools.includes("search_knowledge_base")) return always;
      const [embeddings, reranker] = await Promise.all([readEmbeddings(), readReranker()]);
      return [
        ...always,
        searchKnowledgeBase(async (question) => {
          const query = { ...scope, question };
          const found = await searchPassages(database, embeddings, query, reranker);
          return found.passages;
        }),
      ];
    },
  };
}

async function readMcpAccess(): Promise<McpAccess> {
  const [keys, policy] = await Promise.all([
    readVariable("f/platform/credentials_keys"),
    readPublicHttpPolicy(),
  ]);
  return { keySet: parseKeySet(keys), policy };
}
