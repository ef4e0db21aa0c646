import type { JobRecord, JobRecords } from "../platform/job_records.ts";

/** A cancelled step is killed within seconds; Windmill asks its workers every half second. */
const PATIENCE_MS = 20_000;
const POLL_MS = 250;

export interface RemovedJobs {
  readonly removed: number;
  /** jobs that did not end in time, with what belongs to them: to be tried again */
  readonly running: number;
}

/** Cancels what still runs of these jobs and of all that they started, and removes their records once they ended. */
export async function removeJobs(
  records: JobRecords,
  rootIds: readonly string[],
  patienceMs = PATIENCE_MS,
): Promise<RemovedJobs> {
  const giveUpAt = Date.now() + patienceMs;
  let removed = 0;
  let running = 0;
  for (const rootId of new Set(rootIds)) {
    const tree = await endTree(records, rootId, giveUpAt);
    const live = tree.filter(({ isCompleted }) => !isCompleted).length;
    running += live;
    if (live > 0 || tree.length === 0) continue;
    // all at once: without its parent a job would not be found again
    await records.remove(tree.map(({ id }) => id));
    removed += tree.length;
  }
  return { removed, running };
}

async function endTree(
  records: JobRecords,
  rootId: string,
  giveUpAt: number,
): Promise<readonly JobRecord[]> {
  const cancelled = new Set<string>();
  for (;;) {
    const tree = await treeOf(records, rootId);
    const live = tree.filter(({ isCompleted }) => !isCompleted);
    if (live.length === 0 || Date.now() > giveUpAt) return tree;
    for (const { id } of live) {
      if (cancelled.has(id)) continue;
      cancelled.add(id);
      await cancel(records, id);
    }
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Windmill refuses for a job that has ended meanwhile; one that has not is the next look's. */
async function cancel(records: JobRecords, id: string): Promise<void> {
  try {
    await records.cancel(id);
  } catch (error) {
    const job = await records.find(id);
    if (job && !job.isCompleted) throw error;
  }
}

/** The root's record may be gone while those of its steps are not. */
async function treeOf(records: JobRecords, rootId: string): Promise<readonly JobRecord[]> {
  const root = await records.find(rootId);
  const tree = root ? [root] : [];
  const parents = [rootId];
  for (let parent = parents.shift(); parent !== undefined; parent = parents.shift()) {
    const children = await records.children(parent);
    tree.push(...children);
    parents.push(...children.map(({ id }) => id));
  }
  return tree;
}
