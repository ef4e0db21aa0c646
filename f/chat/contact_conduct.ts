import { type Alert, recordAlert } from "../platform/alerts.ts";
import { one, type Tenant } from "../platform/postgres.ts";
import { type Conduct, judge, type Verdict } from "./conduct.ts";
import type { LockedContact } from "./resolve_contact.ts";
import type { DatedMessage } from "./save_contact_messages.ts";

export type Judgement = Verdict & {
  /** is in system_alerts when the transaction commits; Slack is still to be told */
  readonly alert?: Alert;
};

/** Judges what the contact says now, and keeps the verdict on its row. The contact is locked. */
export async function judgeContact(
  tenant: Tenant,
  contact: LockedContact,
  heard: readonly DatedMessage[],
): Promise<Judgement> {
  const conduct = await readConduct(tenant, contact, heard);
  const verdict = judge(conduct, heard);
  if (verdict.kind === "answer" && verdict.loopPoints !== conduct.loopPoints) {
    await tenant.query("update contacts set loop_points = $2 where id = $1", [
      contact.id,
      verdict.loopPoints,
    ]);
  }
  if (verdict.kind !== "penalty") return verdict;
  await tenant.query(
    "update contacts set loop_points = 0, silenced_until = $2, penalties = $3 where id = $1",
    [contact.id, verdict.until, verdict.penalties],
  );
  if (verdict.reason !== "loop") return verdict;
  const alert = loopAlert(contact, verdict.until, conduct.now);
  await recordAlert(tenant, alert);
  return { ...verdict, alert };
}

/** Of the last messages; a bot that takes turns between a few texts is found among them. */
const COMPARED = 12;
const COMPARED_CHARACTERS = 1_000;

interface ConductRow {
  readonly now: Date;
  readonly silenced_until: Date | null;
  readonly penalties: number;
  readonly loop_points: number;
  readonly last_minute: number;
  readonly last_hour: number;
  readonly turns_per_minute: number | null;
  readonly turns_per_hour: number | null;
  readonly last_reply_at: Date | null;
  readonly texts: readonly string[] | null;
}

async function readConduct(
  tenant: Tenant,
  contact: LockedContact,
  heard: readonly DatedMessage[],
): Promise<Conduct> {
  const row = await one<ConductRow>(
    tenant,
    `select clock_timestamp() as now, c.silenced_until, c.penalties, c.loop_points,
       b.turns_per_minute, b.turns_per_hour, t.last_minute, t.last_hour, m.last_reply_at, m.texts
     from contacts c join chatbots b on b.id = c.chatbot_id,
     lateral (
       select count(*) filter (where created_at > now() - interval '1 minute')::int as last_minute,
         count(*)::int as last_hour
       from turns
       where organization_id = c.organization_id and contact_id = c.id
         and created_at > now() - interval '1 hour' and reply_kind is distinct from 'limit'
     ) t,
     lateral (
       select max(sent_at) filter (where author = 'chatbot') as last_reply_at, array_agg(left(body, $3)) as texts
       from (
         select author, body, sent_at from messages
         where organization_id = c.organization_id and contact_id = c.id
           and (author = 'contact' or delivery_status not in ('pending', 'failed'))
           -- what is asked again after a failed turn is no repetition
           and (wamid is null or wamid <> all ($4))
         order by sent_at desc, id desc limit $2
       ) recent
     ) m
     where c.id = $1`,
    [contact.id, COMPARED, COMPARED_CHARACTERS, heard.map(({ wamid }) => wamid)],
  );
  return {
    now: row.now,
    silencedUntil: row.silenced_until,
    penalties: row.penalties,
    loopPoints: row.loop_points,
    turnsLastMinute: row.last_minute,
    turnsLastHour: row.last_hour,
    turnsPerMinute: row.turns_per_minute,
    turnsPerHour: row.turns_per_hour,
    before: { lastReplyAt: row.last_reply_at, texts: row.texts ?? [] },
  };
}

/** Once a day for each contact: a loop that begins again each hour is no news. */
function loopAlert(contact: LockedContact, until: Date, now: Date): Alert {
  return {
    severity: "warning",
    kind: "loop_stopped",
    alertKey: `loop_stopped:${contact.id}:${now.toISOString().slice(0, 10)}`,
    summary:
      "A contact writes like a machine and is not answered for a while: look at the conversation, and block the contact if it is one.",
    details: {
      chatbot_id: contact.chatbot_id,
      contact_id: contact.id,
      silenced_until: until.toISOString(),
    },
    flowJobId: null,
    turnId: null,
  };
}
