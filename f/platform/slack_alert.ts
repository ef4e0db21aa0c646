import type { Alert } from "./alert_record.ts";
import { escapeForSlack, type SlackAttachment } from "./slack.ts";

/** What an alert looks like in Slack; repeats: how often the same was raised since. */
export type ToldAlert = Pick<Alert, "severity" | "summary" | "details" | "flowJobId"> & {
  readonly repeats?: number;
};

const COLORS = {
  critical: "#8b0000",
  error: "#d32f2f",
  warning: "#f9a825",
  info: "#1976d2",
} as const satisfies Record<Alert["severity"], string>;

export function headlineOf({ severity, summary, repeats }: ToldAlert): string {
  const again = repeats ? ` (${repeats} more since)` : "";
  return escapeForSlack(`[${severity}] ${summary}${again}`);
}

export function attachmentOf(
  { severity, details, flowJobId }: ToldAlert,
  env: NodeJS.ProcessEnv = process.env,
): SlackAttachment {
  const fields = Object.entries(details).map(([name, value]) => ({
    title: escapeForSlack(name),
    value: escapeForSlack(String(value ?? "–")),
    short: true,
  }));
  const link = flowJobId === null ? undefined : linkToRun(flowJobId, env);
  const run = link ? [{ title: "run", value: `<${link}|Open in Windmill>`, short: false }] : [];
  return { color: COLORS[severity], fields: [...fields, ...run] };
}

/** Windmill tells each job where its own pages are. */
function linkToRun(jobId: string, env: NodeJS.ProcessEnv): string | undefined {
  if (!env.WM_BASE_URL || !env.WM_WORKSPACE) return undefined;
  const base = env.WM_BASE_URL.replace(/\/+$/, "");
  return `${base}/run/${encodeURIComponent(jobId)}?workspace=${encodeURIComponent(env.WM_WORKSPACE)}`;
}
