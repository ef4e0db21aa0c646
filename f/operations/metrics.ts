import { Gauge, Registry } from "prom-client";
import {
  type Database,
  many,
  one,
  type Postgresql,
  type Tenant,
  withDb,
} from "../platform/postgres.ts";
import { forEachOrganization } from "./each_organization.ts";

/** Windmill answers a synchronous run with `result` as it is, in this content type. */
export interface MetricsPage {
  readonly wm_content_type: string;
  readonly result: string;
}

/** For Prometheus: what each organization's chatbots did in the last 24 hours and used in the billing period. */
export async function main(db: Postgresql): Promise<MetricsPage> {
  return withDb(db, readMetrics);
}

export async function readMetrics(database: Database): Promise<MetricsPage> {
  const registry = new Registry();
  const gauges = makeGauges(registry);
  await forEachOrganization(database, "Reading metrics", async (tenant) => {
    const { slug } = await one<{ slug: string }>(tenant, "select slug from organizations");
    await setConversations(tenant, gauges, slug);
    await setReplySeconds(tenant, gauges, slug);
    await setUsage(tenant, gauges, slug);
    await setAlerts(tenant, gauges, slug);
  });
  return { wm_content_type: registry.contentType, result: await registry.metrics() };
}

type Gauges = ReturnType<typeof makeGauges>;

function makeGauges(registry: Registry) {
  const gauge = <Label extends string>(name: string, help: string, ...labels: Label[]) =>
    new Gauge<Label | "organization">({
      name,
      help,
      labelNames: ["organization", ...labels],
      registers: [registry],
    });
  return {
    conversations: gauge("chatbot_conversations", "Contacts who wrote in the last 24 hours."),
    handovers: gauge("chatbot_handovers", "Of those, the ones that a person took over."),
    automation: gauge(
      "chatbot_automation_ratio",
      "Share of conversations that no person took over.",
    ),
    turns: gauge("chatbot_turns", "Turns of the last 24 hours.", "status"),
    oldestWaiting: gauge(
      "chatbot_oldest_waiting_event_seconds",
      "Age of the oldest message that no flow has taken; 0 when none waits.",
    ),
    replySeconds: gauge(
      "chatbot_reply_seconds",
      "From a turn's first message to its end, over the turns completed in the last 24 hours.",
      "quantile",
    ),
    tokens: gauge("chatbot_tokens", "Tokens of the billing period.", "type"),
    cost: gauge("chatbot_cost_usd", "Cost of the billing period in US dollars."),
    quota: gauge("chatbot_quota_used_ratio", "Share of the nearest limit of the billing period."),
    alerts: gauge("chatbot_alerts", "Alerts of the last 24 hours.", "kind", "severity"),
  };
}

async function setConversations(tenant: Tenant, gauges: Gauges, organization: string) {
  const { conversations, handovers } = await one<{ conversations: number; handovers: number }>(
    tenant,
    `select count(*)::int as conversations,
       count(*) filter (where greatest(taken_over_at, given_back_at) > now() - interval '1 day')::int as handovers
     from contacts c
     where exists (
       select from messages m where m.contact_id = c.id and m.author = 'contact' and m.sent_at > now() - interval '1 day'
     )`,
  );
  gauges.conversations.set({ organization }, conversations);
  gauges.handovers.set({ organization }, handovers);
  const automated = conversations - handovers;
  if (conversations > 0) gauges.automation.set({ organization }, automated / conversations);
  const turns = await many<{ status: string; turns: number }>(
    tenant,
    `select status, count(*)::int as turns from turns
     where created_at > now() - interval '1 day' group by status`,
  );
  for (const { status, turns: count } of turns) gauges.turns.set({ organization, status }, count);
}

async function setReplySeconds(tenant: Tenant, gauges: Gauges, organization: string) {
  const { p50, p95, waiting } = await one<{
    p50: number | null;
    p95: number | null;
    waiting: number;
  }>(
    tenant,
    `with answered as (
       select extract(epoch from t.finished_at - min(e.received_at))::float8 as seconds
       from turns t join webhook_events e on e.turn_id = t.id
       where t.status = 'completed' and t.finished_at > now() - interval '1 day'
       group by t.id
     )
     select percentile_cont(0.5) within group (order by seconds) as p50,
       percentile_cont(0.95) within group (order by seconds) as p95,
       (select coalesce(extract(epoch from now() - min(received_at)), 0)::float8 from webhook_events
        where kind = 'message' and status = 'received') as waiting
     from answered`,
  );
  gauges.oldestWaiting.set({ organization }, waiting);
  if (p50 !== null) gauges.replySeconds.set({ organization, quantile: "0.5" }, p50);
  if (p95 !== null) gauges.replySeconds.set({ organization, quantile: "0.95" }, p95);
}

async function setUsage(tenant: Tenant, gauges: Gauges, organization: string) {
  const usage = await one<{
    cost: number;
    share: number;
    input: number;
    cached: number;
    output: number;
  }>(
    tenant,
    `select u.cost_usd::float8 as cost, u.share_used::float8 as share,
       coalesce(sum(l.input_tokens), 0)::float8 as input,
       coalesce(sum(l.cached_input_tokens), 0)::float8 as cached,
       coalesce(sum(l.output_tokens), 0)::float8 as output
     from organizations o cross join get_current_usage(o.id) u
     left join usage_logs l on l.created_at >= u.period_start::timestamp at time zone o.timezone
     group by u.cost_usd, u.share_used`,
  );
  gauges.cost.set({ organization }, usage.cost);
  gauges.quota.set({ organization }, usage.share);
  gauges.tokens.set({ organization, type: "input" }, usage.input);
  gauges.tokens.set({ organization, type: "cached_input" }, usage.cached);
  gauges.tokens.set({ organization, type: "output" }, usage.output);
}

async function setAlerts(tenant: Tenant, gauges: Gauges, organization: string) {
  const alerts = await many<{ kind: string; severity: string; alerts: number }>(
    tenant,
    `select kind, severity, count(*)::int as alerts from system_alerts
     where created_at > now() - interval '1 day' group by kind, severity`,
  );
  for (const { kind, severity, alerts: count } of alerts) {
    gauges.alerts.set({ organization, kind, severity }, count);
  }
}
