import type { Express } from "express";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Inbox } from "./inbox.ts";

export type Metrics = ReturnType<typeof makeMetrics>;

/** Prometheus' counters of one ingress. A registry of its own, so that tests can make several. */
export function makeMetrics(inbox: Inbox) {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    refreshInboxGauges: inboxGauges(inbox, registry),
    responses: new Counter({
      name: "ingress_webhook_responses_total",
      help: "Answers to POST /webhook. Meta redelivers everything that is not a 200.",
      labelNames: ["status"],
      registers,
    }),
    rejectedSignatures: new Counter({
      name: "ingress_rejected_signatures_total",
      help: "POSTs whose signature was missing or wrong.",
      labelNames: ["reason"],
      registers,
    }),
    events: new Counter({
      name: "ingress_events_received_total",
      help: "Messages, statuses and other changes found in authentic webhooks, repeated ones included.",
      labelNames: ["kind"],
      registers,
    }),
    repeatedMessages: new Counter({
      name: "ingress_repeated_messages_total",
      help: "Messages that Meta delivered again while they were still waiting for a reply.",
      registers,
    }),
    commitSeconds: new Histogram({
      name: "ingress_commit_duration_seconds",
      help: "How long it took to commit a webhook's events, failed attempts included.",
      // Meta's standard is a median of 250 ms, and 1 % above 1 s
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
    flowStarts: new Counter({
      name: "ingress_flow_starts_total",
      help: "Flows asked of Windmill. already_started is a success: a redelivery. left: not asked, it was too slow.",
      labelNames: ["outcome"],
      registers,
    }),
  };
}

/** The inbox's gauges, and how to bring them up to date. */
function inboxGauges(inbox: Inbox, registry: Registry): () => Promise<void> {
  const registers = [registry];
  const up = new Gauge({
    name: "ingress_database_up",
    help: "1 when the inbox answered this scrape, and its two gauges are current.",
    registers,
  });
  const waiting = new Gauge({
    name: "ingress_waiting_events",
    help: "Messages that no flow has taken up yet.",
    registers,
  });
  const oldest = new Gauge({
    name: "ingress_oldest_waiting_event_seconds",
    help: "Age of the oldest message that no flow has taken up yet; 0 when none waits.",
    registers,
  });
  return async () => {
    try {
      const health = await inbox.health();
      waiting.set(health.waiting);
      oldest.set(health.oldestWaitingSeconds);
      up.set(1);
    } catch {
      // a scrape must still tell everything else; this gauge is where the failure is recorded
      up.set(0);
    }
  };
}

/** The whole scrape, as text. Not by the gauges' collect(): prom-client reads those side by side. */
async function scrape(metrics: Metrics): Promise<string> {
  await metrics.refreshInboxGauges();
  return metrics.registry.metrics();
}

export function installMetrics(app: Express, deps: { metrics: Metrics }): void {
  app.get("/metrics", async (_request, response) => {
    response.type(deps.metrics.registry.contentType).send(await scrape(deps.metrics));
  });
}
