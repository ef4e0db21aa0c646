import type { Express } from "express";
import { type Inbox, InboxUnavailableError } from "./inbox.ts";
import type { Windmill } from "./windmill.ts";

/**
 * `/healthz`: the process answers. `/readyz`: webhooks can be taken, which needs the database only:
 * without Windmill the inbox keeps the events, and taking this copy out of service would turn a
 * late reply into Meta's redeliveries. So Windmill's absence is told and stays a 200.
 */
export function installHealth(app: Express, deps: { inbox: Inbox; windmill: Windmill }): void {
  app.get("/healthz", (_request, response) => {
    response.json({ status: "ok" });
  });

  app.get("/readyz", async (_request, response) => {
    const [inbox, windmill] = await Promise.all([
      healthOrNull(deps.inbox),
      deps.windmill.isReachable(),
    ]);
    response.status(inbox === null ? 503 : 200).json({
      database: inbox === null ? "unreachable" : "ok",
      windmill: windmill ? "ok" : "unreachable",
      waiting_events: inbox?.waiting ?? null,
      oldest_waiting_event_seconds: inbox?.oldestWaitingSeconds ?? null,
    });
  });
}

async function healthOrNull(inbox: Inbox) {
  try {
    return await inbox.health();
  } catch (error) {
    if (error instanceof InboxUnavailableError) return null;
    throw error;
  }
}
