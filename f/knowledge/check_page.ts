import { type Database, maybeOne, withTenant } from "../platform/postgres.ts";
import { HttpStatusError, PublicHttpError } from "../platform/public_http_errors.ts";
import { failureSentence } from "./failure_sentence.ts";
import { getPage, type PageState, type SourceFiles, stateOf } from "./read_source.ts";

/** One morning's mistake of a web site is no reason to speak of a page as gone. */
const MISSING_UNTIL_GONE = 3;

/**
 * changed: it waits to be processed. gone: that was said for the third time in a row, just now.
 * untouched: it was deleted, or is being processed.
 */
export type Checked = "unchanged" | "changed" | "missing" | "gone" | "unreadable" | "untouched";

type PageFiles = Pick<SourceFiles, "readHttpPolicy" | "pageTimeoutMs">;

interface KnownPage {
  readonly url: string;
  readonly hash: string | null;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** Asks whether the page of a knowledge source has changed. Whatever is the matter with it, its version stays. */
export async function checkPage(
  database: Database,
  files: PageFiles,
  source: { readonly organizationId: string; readonly id: string },
): Promise<Checked> {
  const page = await withTenant(database, source.organizationId, (tenant) =>
    maybeOne<KnownPage>(
      tenant,
      `select url, page_hash as hash, page_etag as etag, page_last_modified as "lastModified"
       from knowledge_sources where id = $1 and source_type = 'url'`,
      [source.id],
    ),
  );
  if (!page) return "untouched";
  const found = await look(page, files);
  return withTenant(database, source.organizationId, async (tenant) => {
    const changed = await maybeOne<{ checked: Checked }>(tenant, UPDATES[found.kind], [
      source.id,
      ...found.facts,
    ]);
    return changed?.checked ?? "untouched";
  });
}

type Found =
  | { kind: "unchanged"; facts: (string | null)[] }
  | { kind: "changed"; facts: [] }
  | { kind: "missing"; facts: [sentence: string, untilGone: number] }
  | { kind: "unreadable"; facts: [sentence: string] };

async function look(known: KnownPage, files: PageFiles): Promise<Found> {
  let now: PageState;
  try {
    now = stateOf(await getPage(known.url, files, known));
  } catch (error) {
    if (!(error instanceof PublicHttpError)) throw error;
    const answer = error instanceof HttpStatusError ? error : undefined;
    if (answer?.status === 304)
      return { kind: "unchanged", facts: [known.etag, known.lastModified] };
    if (answer?.isMissing) {
      return { kind: "missing", facts: ["The page is no longer there.", MISSING_UNTIL_GONE] };
    }
    return { kind: "unreadable", facts: [failureSentence(error)] };
  }
  if (now.hash !== known.hash) return { kind: "changed", facts: [] };
  return { kind: "unchanged", facts: [now.etag, now.lastModified] };
}

/** A job that is processing the source has just read the page, and is left to it. */
const AT_REST = "id = $1 and status in ('ready', 'failed')";

const UPDATES: Record<Found["kind"], string> = {
  // a version that failed since was of a page that is now again as it was
  unchanged: `update knowledge_sources
    set checked_at = now(), status = 'ready', error_message = null, check_problem = null, missing_checks = 0,
      gone_at = null, page_etag = $2, page_last_modified = $3
    where ${AT_REST} returning 'unchanged' as checked`,
  changed: `update knowledge_sources
    set checked_at = now(), status = 'pending', stage = null, progress = 0, error_message = null,
      check_problem = null, missing_checks = 0, gone_at = null, recoveries = 0
    where ${AT_REST} returning 'changed' as checked`,
  missing: `update knowledge_sources
    set checked_at = now(), check_problem = $2, missing_checks = missing_checks + 1,
      gone_at = case when missing_checks + 1 >= $3 then coalesce(gone_at, now()) end
    where ${AT_REST} returning case when missing_checks = $3 then 'gone' else 'missing' end as checked`,
  unreadable: `update knowledge_sources
    set checked_at = now(), check_problem = $2, missing_checks = 0
    where ${AT_REST} returning 'unreadable' as checked`,
};
