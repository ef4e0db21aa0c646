import { describe, expect, it } from "vitest";
import { readMetrics } from "../../f/operations/metrics.ts";
import type { Database } from "../../f/platform/postgres.ts";
import type { Inbox } from "../../webhook-server/inbox.ts";
import { makeMetrics } from "../../webhook-server/metrics.ts";

const EMPTY_INBOX: Inbox = {
  record: async () => [],
  health: async () => ({ waiting: 0, oldestWaitingSeconds: 0 }),
  close: async () => undefined,
};
const EMPTY_DATABASE: Database = {
  query: async () => [],
  exclusively: (work) => work({ query: async () => [] }),
};

const TYPE = /^# TYPE (\S+) (counter|gauge|histogram|summary)$/gm;
/** Not of seconds, bytes, ratios and whole things. https://prometheus.io/docs/practices/naming/#base-units */
const OTHER_UNIT =
  /_(ms|millis|milliseconds|micros|microseconds|minutes|hours|days|kb|kilobytes|mb|megabytes|percent|percentage|cents)(_|$)/;
const TYPE_IN_NAME = /_(counter|gauge|histogram|summary)(_|$)/;
/** What Prometheus adds to the names of histograms and summaries. */
const RESERVED = /_(count|sum|bucket|info|created)$/;

interface Named {
  name: string;
  type: string;
}

/** What is wrong with the name of a metric. https://prometheus.io/docs/practices/naming/ */
function problemsOf({ name, type }: Named, prefix: string): string[] {
  return [
    ...(name.startsWith(prefix) && /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/.test(name) ? [] : ["prefix"]),
    ...(name.endsWith("_total") === (type === "counter") ? [] : ["_total"]),
    ...(OTHER_UNIT.test(name) ? ["unit"] : []),
    ...(TYPE_IN_NAME.test(name) ? ["type"] : []),
    ...(RESERVED.test(name) ? ["reserved"] : []),
  ];
}

function namesIn(exposition: string): Named[] {
  return [...exposition.matchAll(TYPE)].map(([, name = "", type = ""]) => ({ name, type }));
}

/** Those of Node itself are prom-client's: nodejs_active_handles_total is a gauge. */
const isOfNode = ({ name }: Named) => /^(process|nodejs)_/.test(name);

const pages = {
  ingress_: () => makeMetrics(EMPTY_INBOX).registry.metrics(),
  chatbot_: async () => (await readMetrics(EMPTY_DATABASE)).result,
};

describe.each(Object.entries(pages))("the metrics %s", (prefix, expose) => {
  it("are named as Prometheus wants it", async () => {
    const ours = namesIn(await expose()).filter((metric) => !isOfNode(metric));
    expect(ours.length).toBeGreaterThan(8);
    const wrong = ours.map((metric) => [metric.name, ...problemsOf(metric, prefix)]);
    expect(wrong.filter(([, problem]) => problem)).toEqual([]);
  });
});

it.each([
  ["ingress_events", "counter", ["_total"]],
  ["ingress_waiting_total", "gauge", ["_total"]],
  ["waiting_events", "gauge", ["prefix"]],
  ["ingress_waitingEvents", "gauge", ["prefix"]],
  ["ingress_commit_duration_ms", "histogram", ["unit"]],
  ["ingress_events_counter_total", "counter", ["type"]],
  ["ingress_events_count", "gauge", ["reserved"]],
  ["ingress_events_total", "counter", []], // control
])("finds what is wrong with %s, a %s", (name, type, problems) => {
  expect(problemsOf({ name, type }, "ingress_")).toEqual(problems);
});
