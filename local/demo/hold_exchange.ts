import { setTimeout as sleep } from "node:timers/promises";
import type { Stack } from "../stack.ts";
import type { JobEvent } from "../windmill/jobs/job_service.ts";
import type { Exchange } from "./conversation.ts";
import { terminal } from "./terminal.ts";

const CONTACT = { waId: "15550100200", name: "Maya" };
/** A turn may take 60 s; the debounce and Windmill's queue come on top. */
const LONGEST_WAIT_MS = 90_000;
/** Less than the chatbot's debounce_seconds, so that the pieces become one turn. */
const BETWEEN_PIECES_MS = 400;

export interface Held {
  /** Undefined when no reply came, and when there were several. */
  reply: string | undefined;
  /** From the last piece to the reply. */
  milliseconds: number;
}

/** Types the pieces, waits until their turn is finished, and prints what was said and done. */
export async function hold(stack: Stack, exchange: Exchange): Promise<Held> {
  const { phoneNumberId } = stack.shop.phoneNumber;
  const earlier = stack.whatsapp.received(CONTACT).length;
  const steps = finishedTurn(stack);
  for (const [index, text] of exchange.pieces.entries()) {
    if (index > 0) await sleep(BETWEEN_PIECES_MS);
    terminal.said(CONTACT.name, text);
    stack.whatsapp.contactSends({ phoneNumberId, contact: CONTACT, text });
  }
  const askedAt = Date.now();
  const taken = await steps;
  const replies = stack.whatsapp.received(CONTACT).slice(earlier);
  for (const { text } of replies) terminal.said("chatbot", text);
  terminal.steps(taken);
  return {
    reply: replies.length === 1 ? replies[0]?.text : undefined,
    milliseconds: (replies[0]?.at ?? Date.now()) - askedAt,
  };
}

/** The steps of the next flow run that closes a turn; those ended so far when none does in time. */
function finishedTurn({ windmill }: Stack): Promise<JobEvent[]> {
  const stepsOfRun = new Map<string, JobEvent[]>();
  return new Promise((resolve) => {
    const end = (steps: JobEvent[]) => {
      clearTimeout(deadline);
      stopListening();
      resolve(steps);
    };
    const deadline = setTimeout(() => end([...stepsOfRun.values()].flat()), LONGEST_WAIT_MS);
    const stopListening = windmill.onJob((event) => {
      if (event.type !== "completed" || event.kind !== "script" || !event.stepId) return;
      const run = event.rootJob ?? event.id;
      const steps = [...(stepsOfRun.get(run) ?? []), event];
      stepsOfRun.set(run, steps);
      // the failure module stands in for whatever failed, so a turn may also end there
      if (event.stepId === "finish_turn" || event.stepId === "failure") end(steps);
    });
  });
}
