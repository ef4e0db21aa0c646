import type { Stack } from "../stack.ts";
import { markersIn, type Written } from "./write_messages.ts";

export interface Verdict {
  /** Messages that no reply answers. */
  lost: number;
  /** Messages that more than one reply answers. */
  double_replies: number;
  /** Messages that were answered after one that came later. */
  out_of_order: number;
  /** Of the alerts, how many there are of a kind and step. */
  alerts: Record<string, number>;
  /** What is wrong, a line each. */
  problems: string[];
}

/** Compares what each contact received with what it wrote. */
export async function judge(stack: Stack, written: readonly Written[]): Promise<Verdict> {
  const givenUp = await messagesGivenUp(stack);
  const verdict: Verdict = {
    lost: 0,
    double_replies: 0,
    out_of_order: 0,
    alerts: await alertsByKind(stack),
    problems: [],
  };
  for (const [waId, messages] of byContact(written)) {
    const replies = stack.whatsapp.received({ waId }).map(({ text }) => markersIn(text));
    const repliesTo = (marker: string) =>
      replies.flatMap((markers, reply) => (markers.includes(marker) ? [reply] : []));
    for (const message of messages) {
      const answers = repliesTo(message.marker);
      if (answers.length === 0) {
        const isGivenUp = givenUp.has(message.wamid);
        verdict.lost += 1;
        verdict.problems.push(`${message.marker} has no reply${isGivenUp ? ", but an alert" : ""}`);
      } else if (answers.length > 1) {
        verdict.double_replies += 1;
        verdict.problems.push(`${message.marker} has ${answers.length} replies`);
      }
    }
    for (const inverted of inversions(messages, replies)) {
      verdict.out_of_order += 1;
      verdict.problems.push(inverted);
    }
  }
  return verdict;
}

/** A message is late when one that was written after it, and posted when it was acknowledged, is answered before. */
function inversions(messages: readonly Written[], replies: readonly string[][]): string[] {
  const place = new Map<string, { reply: number; index: number }>();
  for (const [reply, markers] of replies.entries()) {
    for (const [index, marker] of markers.entries()) {
      if (!place.has(marker)) place.set(marker, { reply, index });
    }
  }
  return messages.flatMap((earlier, number) => {
    const mine = place.get(earlier.marker);
    const overtaking = messages.slice(number + 1).find((later) => {
      const theirs = place.get(later.marker);
      if (mine === undefined || theirs === undefined) return false;
      if (theirs.reply === mine.reply) return theirs.index < mine.index;
      return theirs.reply < mine.reply && earlier.acknowledgedAt < later.postedAt;
    });
    return overtaking ? [`${earlier.marker} is answered after ${overtaking.marker}`] : [];
  });
}

function byContact(written: readonly Written[]): Map<string, Written[]> {
  const contacts = new Map<string, Written[]>();
  for (const message of written) {
    contacts.set(message.waId, [...(contacts.get(message.waId) ?? []), message]);
  }
  return contacts;
}

async function alertsByKind({ admin }: Stack): Promise<Record<string, number>> {
  const rows = await admin.query<{ what: string; count: number }>(
    `select concat_ws(' ', kind, details ->> 'step', details ->> 'error') as what, count(*)::int
     from system_alerts group by 1 order by 2 desc`,
  );
  return Object.fromEntries(rows.map(({ what, count }) => [what, count]));
}

/** Of turns that failed, or whose reply did: each has an alert. */
async function messagesGivenUp({ admin }: Stack): Promise<Set<string>> {
  const rows = await admin.query<{ wamid: string }>(
    `select m.wamid from messages m join turns t on t.id = m.turn_id
     where m.author = 'contact' and exists (select from system_alerts a where a.turn_id = t.id)
       and (t.status = 'failed' or exists (
         select from messages r where r.turn_id = t.id and r.author = 'chatbot' and r.delivery_status = 'failed'
       ))`,
  );
  return new Set(rows.map(({ wamid }) => wamid));
}
