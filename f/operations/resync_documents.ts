import * as wmill from "windmill-client";
import { type Checked, checkPage } from "../knowledge/check_page.ts";
import type { SourceFiles } from "../knowledge/read_source.ts";
import { startProcessing } from "../knowledge/upload_document.ts";
import { raiseAlert } from "../platform/alerts.ts";
import { type Database, many, type Postgresql, withDb } from "../platform/postgres.ts";
import { readPublicHttpPolicy } from "../platform/public_http_policy.ts";
import { type PostToSlack, slackAt, untilItFails } from "../platform/slack.ts";
import { readVariable } from "../platform/windmill_values.ts";
import { alertAbout } from "./recovery.ts";

/** What became of the pages that one run looked at. */
export type Resynced = Record<Checked, number>;

export interface ResyncClients {
  readonly files: Pick<SourceFiles, "readHttpPolicy" | "pageTimeoutMs">;
  /** Starts f/knowledge/process_document and returns its job id. */
  startProcessing(sourceId: string): Promise<string>;
  readonly postToSlack: PostToSlack | undefined;
  /** percent */
  showProgress(percent: number): Promise<void>;
  /** in milliseconds, as Date.now() */
  now(): number;
}

/** With a run each hour: 12,000 pages a day, one after the other, which no web site minds. */
const MOST_PAGES = 500;
const LONGEST_MS = 10 * 60_000;
const PAGE_TIMEOUT_MS = 15_000;

/** Looks at the web pages that nobody has looked at for a day, and has those processed again that have changed. */
export async function main(db: Postgresql): Promise<Resynced> {
  const slack = slackAt(await readVariable("f/platform/slack_webhook_url"));
  // once a run: a policy does not change between two pages
  const policy = await readPublicHttpPolicy();
  return withDb(db, (database) =>
    resyncDocuments(database, {
      files: { readHttpPolicy: async () => policy, pageTimeoutMs: PAGE_TIMEOUT_MS },
      startProcessing,
      postToSlack: slack && untilItFails(slack),
      showProgress: (percent) => wmill.setProgress(percent),
      now: Date.now,
    }),
  );
}

export async function resyncDocuments(
  database: Database,
  clients: ResyncClients,
): Promise<Resynced> {
  const due = await many<{ organization_id: string; id: string }>(
    database,
    "select organization_id, id from pages_to_resync($1)",
    [MOST_PAGES],
  );
  const resynced: Resynced = {
    unchanged: 0,
    changed: 0,
    missing: 0,
    gone: 0,
    unreadable: 0,
    untouched: 0,
  };
  const end = clients.now() + LONGEST_MS;
  for (const [index, { organization_id, id }] of due.entries()) {
    if (clients.now() > end) break;
    const checked = await checkPage(database, clients.files, {
      organizationId: organization_id,
      id,
    });
    resynced[checked]++;
    // a job that cannot be started now is started by recover_turns: the source waits for one
    if (checked === "changed") await clients.startProcessing(id);
    if (checked === "gone") await tellGone(database, clients, organization_id, id);
    await clients.showProgress(Math.floor(((index + 1) / due.length) * 100));
  }
  return resynced;
}

/** No address: an alert is read by more people than the tenant's. */
async function tellGone(
  database: Database,
  { postToSlack }: ResyncClients,
  organizationId: string,
  sourceId: string,
): Promise<void> {
  await raiseAlert(
    database,
    organizationId,
    postToSlack,
    alertAbout("page_gone", sourceId, {
      severity: "warning",
      summary:
        "A web page that answers come from has been gone for three days. Delete it or correct its address: what it said is still told.",
    }),
  );
}
