import { raiseAlert } from "../platform/alerts.ts";
import {
  type Database,
  one,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
  withTenantOf,
} from "../platform/postgres.ts";
import { type PostToSlack, slackAt } from "../platform/slack.ts";
import { startStoring } from "../platform/start_storing.ts";
import {
  type ChatbotNumber,
  readWhatsApp,
  type WhatsAppFor,
} from "../platform/whatsapp_numbers.ts";
import { ownFlowJobId } from "../platform/windmill.ts";
import { readVariable } from "../platform/windmill_values.ts";
import type { ClaimedTurn } from "./claim.ts";
import { claimTurn } from "./claim_turn.ts";
import type { ContextPayload, LoadedContext } from "./context.ts";
import { readHistory, readTurnMessages } from "./history.ts";
import { mediaJustSaved, startEach } from "./new_media.ts";

/** Step 1. Claims the contact's turn and loads all that answering needs. */
export async function main(webhook_event_id: number, db: Postgresql): Promise<LoadedContext> {
  const whatsAppFor = await readWhatsApp();
  return withDb(db, (database) =>
    loadContext(
      database,
      { whatsAppFor, openSlack, startStoring },
      {
        webhookEventId: webhook_event_id,
        flowJobId: ownFlowJobId(),
      },
    ),
  );
}

export interface LoadClients {
  readonly whatsAppFor: WhatsAppFor;
  /** asked only when there is an alert to tell */
  openSlack(): Promise<PostToSlack | undefined>;
  /** Starts f/operations/store_media and returns its job id. */
  startStoring(mediaId: number): Promise<string>;
}

async function openSlack(): Promise<PostToSlack | undefined> {
  return slackAt(await readVariable("f/platform/slack_webhook_url"));
}

export async function loadContext(
  database: Database,
  { whatsAppFor, openSlack, startStoring }: LoadClients,
  run: { webhookEventId: number; flowJobId: string },
): Promise<LoadedContext> {
  const { webhookEventId, flowJobId } = run;
  const claimed = await withTenantOf(database, { webhookEventId }, async (tenant) => ({
    claim: await claimTurn(tenant, webhookEventId, flowJobId),
    media: await mediaJustSaved(tenant),
  }));
  if (!claimed) {
    return {
      outcome: "unknown_number",
      reason: "no chatbot has the number that the event came to",
    };
  }
  const { organizationId, result } = claimed;
  const { claim, media } = result;
  await startEach(startStoring, media);
  if (claim.outcome !== "reply") {
    const { outcome, reason, alert } = claim;
    if (alert) await raiseAlert(database, organizationId, await openSlack(), alert);
    return { outcome, reason };
  }
  const { payload, typing } = await withTenant(database, organizationId, (tenant) =>
    readPayload(tenant, claim),
  );
  if (typing) await showTyping(whatsAppFor, typing);
  return payload;
}

interface ReadTurn {
  readonly payload: ContextPayload;
  /** null: the reply stands, or what is answered came without an id */
  readonly typing: Typing | null;
}

/** Whose typing is shown, and under which message: marking the newest as read marks the earlier ones too. */
type Typing = ChatbotNumber & { readonly wamid: string };

async function readPayload(tenant: Tenant, { turnId, fence }: ClaimedTurn): Promise<ReadTurn> {
  const turn = await one<{
    chatbot: ContextPayload["chatbot"];
    contact: ContextPayload["contact"];
    history_messages: number;
    history_tokens: number;
    has_knowledge: boolean;
    typing: Typing | null;
  }>(
    tenant,
    `select b.history_messages, b.history_tokens,
       json_build_object('id', b.id, 'name', b.name, 'system_prompt', b.system_prompt, 'model', b.model,
         'fallback_models', b.fallback_models) as chatbot,
       json_build_object('id', c.id, 'profile_name', c.profile_name) as contact,
       exists (select from knowledge_sources s where s.chatbot_id = b.id and s.live_version > 0) as has_knowledge,
       (select json_build_object('organization_id', b.organization_id, 'chatbot_id', b.id,
           'phone_number_id', b.phone_number_id, 'whatsapp_access_token', b.whatsapp_access_token, 'wamid', m.wamid)
         from messages m
         where m.turn_id = t.id and t.status = 'generating' and m.author = 'contact' and m.wamid is not null
         order by m.sent_at desc, m.id desc limit 1) as typing
     from turns t join chatbots b on b.id = t.chatbot_id join contacts c on c.id = t.contact_id
     where t.id = $1`,
    [turnId],
  );
  const { chatbot, contact, typing } = turn;
  const payload: ContextPayload = {
    outcome: "reply",
    turn_id: turnId,
    fence,
    organization_id: tenant.organizationId,
    chatbot,
    contact,
    history: await readHistory(tenant, {
      turnId,
      contactId: contact.id,
      maxMessages: turn.history_messages,
      maxTokens: turn.history_tokens,
    }),
    messages: await readTurnMessages(tenant, turnId),
    tools: turn.has_knowledge ? ["search_knowledge_base"] : [],
  };
  return { payload, typing };
}

async function showTyping(whatsAppFor: WhatsAppFor, typing: Typing): Promise<void> {
  try {
    await whatsAppFor(typing).showTyping(typing.wamid);
  } catch (error) {
    // the reply does not depend on it
    console.warn(error instanceof Error ? error.message : error);
  }
}
