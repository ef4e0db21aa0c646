import type { Logger } from "pino";
import type { WaitingMessage } from "./inbox.ts";
import type { Metrics } from "./metrics.ts";
import type { Windmill } from "./windmill.ts";

const AT_ONCE = 8;
/** After this the rest of a batch is left to recover_turns: Windmill is away or too slow. */
const BATCH_MILLISECONDS = 30_000;

/**
 * Starts one flow per contact; never rejects. A start that fails costs nobody a message: the
 * inbox keeps the event, and recover_turns starts its flow later.
 */
export async function startFlows(
  waiting: readonly WaitingMessage[],
  deps: { windmill: Windmill; metrics: Metrics; log: Logger },
): Promise<void> {
  if (waiting.length === 0) return;
  const deadline = Date.now() + BATCH_MILLISECONDS;
  const queue = oneMessagePerContact(waiting).values();
  const startNext = async () => {
    for (const message of queue) {
      if (Date.now() > deadline) {
        deps.metrics.flowStarts.inc({ outcome: "left" });
        continue;
      }
      try {
        deps.metrics.flowStarts.inc({ outcome: await deps.windmill.startFlow(message) });
      } catch (error) {
        deps.metrics.flowStarts.inc({ outcome: "failed" });
        deps.log.error(
          { err: error, webhook_event_id: message.webhookEventId },
          "could not start a flow",
        );
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, waiting.length) }, startNext));
}

/**
 * The flow answers everything that waits of a contact, so one start is enough: of the oldest
 * message, as early as the most urgent of them asks (a pressed button is not debounced).
 */
export function oneMessagePerContact(waiting: readonly WaitingMessage[]): WaitingMessage[] {
  const contacts = new Map<string, WaitingMessage>();
  for (const message of waiting) {
    const contact = JSON.stringify([message.phoneNumberId, message.sender]);
    const other = contacts.get(contact) ?? message;
    const oldest = other.webhookEventId <= message.webhookEventId ? other : message;
    const startAfterSeconds = Math.min(other.startAfterSeconds, message.startAfterSeconds);
    contacts.set(contact, { ...oldest, startAfterSeconds });
  }
  return [...contacts.values()];
}
