import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../stack.ts";
import { type Chance, shuffled } from "./chance.ts";
import type { RestartableWindmill } from "./restartable_windmill.ts";

export interface ChaosOptions {
  messages: number;
  contacts: number;
  seed: number;
}

/** What a contact wrote. Times are unix milliseconds; `at` is what Meta tells of it. */
export interface Written {
  waId: string;
  wamid: string;
  /** Stands in the text, and so in the reply that answers it. */
  marker: string;
  at: number;
  postedAt: number;
  /** When the first POST of it was answered by 200. */
  acknowledgedAt: number;
}

const MARKER = /\bm\d+-\d+\b/g;

/** The markers in a text, in their order. */
export function markersIn(text: string): string[] {
  return text.match(MARKER) ?? [];
}

const CONTACTS_AT_ONCE = 16;
/**
 * Nobody begins a burst while more jobs wait for a worker. A machine that is asked for more than it can do shows
 * nothing but its queue: jobs wait for longer than their turns' leases, and all that a contact writes is one turn.
 */
const LONGEST_QUEUE = 12;
const LONGEST_BURST = 5;
const LONGEST_PAUSE_MS = 4_000;
/** Of bursts: their writer waits for the answer, so that there are turns after turns and not one of all messages. */
const PATIENT = 0.5;
const PATIENCE_MS = 12_000;

/** Every contact writes its share, in bursts of one to five; resolves when each webhook was answered by 200. */
export async function writeMessages(
  { stack, windmill }: { stack: Stack; windmill: RestartableWindmill },
  { messages, contacts }: ChaosOptions,
  chance: Chance,
): Promise<Written[]> {
  const share = (contact: number) =>
    Math.floor(messages / contacts) + (contact < messages % contacts ? 1 : 0);
  const answered = new Set<string>();
  const stopListening = stack.whatsapp.onMessage(({ direction, text }) => {
    if (direction === "to_contact") for (const marker of markersIn(text)) answered.add(marker);
  });
  const toCome = shuffled([...Array(contacts).keys()], chance, "contacts");
  const written: Written[] = [];
  const oneAfterAnother = async () => {
    for (let contact = toCome.shift(); contact !== undefined; contact = toCome.shift()) {
      const writer = { stack, windmill, contact, messages: share(contact), chance, answered };
      written.push(...(await writeAsContact(writer)));
    }
  };
  await Promise.all(Array.from({ length: CONTACTS_AT_ONCE }, oneAfterAnother));
  stopListening();
  return written;
}

interface Writer {
  stack: Stack;
  windmill: RestartableWindmill;
  contact: number;
  /** how many it writes */
  messages: number;
  chance: Chance;
  /** markers that stood in replies to anybody */
  answered: ReadonlySet<string>;
}

async function writeAsContact(writer: Writer): Promise<Written[]> {
  const { stack, windmill, contact, messages, chance, answered } = writer;
  const waId = String(15_550_300_000 + contact);
  const { phoneNumberId } = stack.shop.phoneNumber;
  // Meta's clock counts whole seconds: a second each, or nobody could tell the order
  const firstAt = Date.now() - 2_000 * messages;
  const all: Written[] = [];
  while (all.length < messages) {
    await sleep(chance("pause", contact, all.length) * LONGEST_PAUSE_MS);
    while (windmill.current.waitingForWorker() > LONGEST_QUEUE) await sleep(200);
    const size = Math.min(
      messages - all.length,
      1 + Math.floor(chance("burst", contact, all.length) * LONGEST_BURST),
    );
    const burst = Array.from({ length: size }, (_, index) => {
      const number = all.length + index;
      const marker = `m${contact}-${number}`;
      const at = firstAt + 1_000 * number;
      const { wamid, webhook } = stack.whatsapp.contactWrites({
        phoneNumberId,
        contact: { waId, name: `Contact ${contact}` },
        text: `Message ${marker}`,
        at,
      });
      return { marker, wamid, webhook, at };
    });
    const posted = shuffled(burst, chance, `burst of ${contact} at ${all.length}`).map(
      async ({ marker, wamid, webhook, at }) => {
        const postedAt = Date.now();
        const acknowledgedAt = await postRepeatedly(stack, webhook, marker, chance);
        return { waId, wamid, marker, at, postedAt, acknowledgedAt };
      },
    );
    all.push(...(await Promise.all(posted)));
    const isPatient = all.length < messages && chance("patient", contact, all.length) < PATIENT;
    const last = burst.at(-1);
    if (isPatient && last) await answerTo(last.marker, answered);
  }
  return all.sort((a, b) => a.at - b.at);
}

async function answerTo(marker: string, answered: ReadonlySet<string>): Promise<void> {
  const until = Date.now() + PATIENCE_MS;
  while (!answered.has(marker) && Date.now() < until) await sleep(200);
}

/** One to four deliveries at once, each until it is answered by 200, as Meta does it. */
async function postRepeatedly(
  stack: Stack,
  webhook: object,
  marker: string,
  chance: Chance,
): Promise<number> {
  const times = 1 + Math.floor(chance("deliveries", marker) * 4);
  const deliver = async (delivery: number) => {
    await sleep(delivery === 0 ? 0 : chance("delivered after", marker, delivery) * 3_000);
    while (!(await isAnswered(stack, webhook))) await sleep(500);
    return Date.now();
  };
  const answeredAt = await Promise.all(Array.from({ length: times }, (_, n) => deliver(n)));
  return Math.min(...answeredAt);
}

async function isAnswered(stack: Stack, webhook: object): Promise<boolean> {
  try {
    const { status } = await stack.whatsapp.sendRawWebhook(webhook);
    return status === 200;
  } catch {
    // no answer in time, or no connection: for Meta the same as any answer that is not 200
    return false;
  }
}
