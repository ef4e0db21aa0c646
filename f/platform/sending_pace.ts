import { maybeOne, one, type Tenant } from "./postgres.ts";

/** Meta: one message in 6 s to the same person; 45 at once are lent, and paid back at that pace. */
const PAIR_SECONDS = 6;
const PAIR_BURST_SECONDS = 44 * PAIR_SECONDS;

/** Meta counts a number's messages a second; a quarter of them may leave at once. */
const NUMBER_BURST_SECONDS = 0.25;

/** Whom a message goes to, and from which number. */
export interface Pair {
  readonly contact_id: string;
  readonly chatbot_id: string;
}

/** WhatsApp would refuse the message now, so it was not asked. It may be sent after waitMs. */
export class SendingTooFastError extends Error {
  override readonly name = "SendingTooFastError";
  readonly limit: "pair" | "number";
  readonly waitMs: number;

  constructor(limit: "pair" | "number", waitMs: number) {
    const whose = limit === "pair" ? "this contact has" : "this number has sent";
    super(`Not sent yet: ${whose} as many messages as WhatsApp allows for the next ${waitMs} ms.`);
    this.limit = limit;
    this.waitMs = waitMs;
  }
}

/**
 * Counts one message towards what WhatsApp allows, in the transaction that commits `sending`: a transaction that is
 * rolled back counts nothing. Throws SendingTooFastError. The caller holds the contact's lock; the number's row is
 * locked last and until the commit, so a number sends no faster than the database commits one after the other.
 */
export async function countTowardsPace(tenant: Tenant, pair: Pair): Promise<void> {
  const taken = await maybeOne(
    tenant,
    `with number as (
       update chatbots b
       set paced_until = greatest(b.paced_until, clock_timestamp()) + interval '1 s' / b.messages_per_second
       from contacts c
       where b.id = $2 and c.id = $1
         and (c.paced_until is null or c.paced_until <= clock_timestamp() + $4 * interval '1 s')
         and (b.paced_until is null or b.paced_until <= clock_timestamp() + $5 * interval '1 s')
       returning b.id
     )
     update contacts c set paced_until = greatest(c.paced_until, clock_timestamp()) + $3 * interval '1 s'
     from number where c.id = $1
     returning c.id`,
    [pair.contact_id, pair.chatbot_id, PAIR_SECONDS, PAIR_BURST_SECONDS, NUMBER_BURST_SECONDS],
  );
  if (!taken) throw await tooFast(tenant, pair);
}

/** A slot that is this near is waited for; one further away is the next try's. */
const LONGEST_WAIT_MS = 3_000;

/** Waits with nothing claimed, so that a takeover meanwhile still holds the message back. */
export async function whenPaceAllows<Claim>(claim: () => Promise<Claim>): Promise<Claim> {
  const giveUpAt = Date.now() + LONGEST_WAIT_MS;
  for (;;) {
    try {
      return await claim();
    } catch (error) {
      if (!(error instanceof SendingTooFastError)) throw error;
      if (Date.now() + error.waitMs > giveUpAt) throw error;
      // others wait for the same slot
      await sleep(error.waitMs * (1 + Math.random()));
    }
  }
}

const sleep = (milliseconds: number) =>
  new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

async function tooFast(tenant: Tenant, pair: Pair): Promise<SendingTooFastError> {
  const waits = await one<{ pair: number; number: number }>(
    tenant,
    `select ${waitMs("c.paced_until", "$3")} as pair, ${waitMs("b.paced_until", "$4")} as number
     from contacts c, chatbots b where c.id = $1 and b.id = $2`,
    [pair.contact_id, pair.chatbot_id, PAIR_BURST_SECONDS, NUMBER_BURST_SECONDS],
  );
  return waits.pair > waits.number
    ? new SendingTooFastError("pair", waits.pair)
    : new SendingTooFastError("number", Math.max(1, waits.number));
}

function waitMs(pacedUntil: string, burstSeconds: string): string {
  return `greatest(0, ceil(1000 * coalesce(
    extract(epoch from ${pacedUntil} - clock_timestamp()) - ${burstSeconds}, 0)))::integer`;
}

/** WhatsApp said that it is too fast all the same: nobody sends before it may be right again. */
export async function holdPace(
  tenant: Tenant,
  pair: Pair,
  limit: "pair" | "number",
  seconds: number,
): Promise<void> {
  const [table, id, burst] =
    limit === "pair"
      ? ["contacts", pair.contact_id, PAIR_BURST_SECONDS]
      : ["chatbots", pair.chatbot_id, NUMBER_BURST_SECONDS];
  await tenant.query(
    `update ${table} set paced_until = greatest(paced_until, clock_timestamp() + $2 * interval '1 s') where id = $1`,
    [id, Number(burst) + seconds],
  );
}
