/** Commits the items of one caller or of several, all or none, and returns what came of each, in their order. */
export type CommitAll<Item, Result> = (items: readonly Item[]) => Promise<Result[]>;

export interface GroupCommitOptions {
  /** A commit is not made larger by another caller's items beyond this. */
  maxItems: number;
  /** Commits under way at once: a second one, so that a commit that waits for a lock does not hold up all others. */
  atOnce: number;
  /** Whether a failure may be the fault of one caller's items: then each caller's are tried alone. */
  mayBeOneCallers(error: unknown): boolean;
}

interface Caller<Item, Result> {
  items: readonly Item[];
  resolve(results: Result[]): void;
  reject(error: unknown): void;
}

/**
 * Lets callers that come while a commit is under way share the next one. A statement costs a round trip, its plan
 * and a flush of the log, whether it brings one item or fifty; nobody hears of success before the commit.
 */
export function makeGroupCommit<Item, Result>(
  commitAll: CommitAll<Item, Result>,
  options: GroupCommitOptions,
): CommitAll<Item, Result> {
  const waiting: Caller<Item, Result>[] = [];
  let underWay = 0;

  const commitWaiting = async () => {
    underWay += 1;
    // those whose requests came in the same turn of the event loop
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) await commit(takeGroup(waiting, options.maxItems));
    underWay -= 1;
  };
  const commit = async (callers: readonly Caller<Item, Result>[]): Promise<void> => {
    try {
      const results = await commitAll(callers.flatMap(({ items }) => items));
      let from = 0;
      for (const { items, resolve } of callers) {
        resolve(results.slice(from, from + items.length));
        from += items.length;
      }
    } catch (error) {
      if (callers.length > 1 && options.mayBeOneCallers(error)) {
        for (const caller of callers) await commit([caller]);
      } else {
        for (const { reject } of callers) reject(error);
      }
    }
  };
  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      if (underWay < options.atOnce) void commitWaiting();
    });
}

function takeGroup<Caller extends { items: readonly unknown[] }>(
  waiting: Caller[],
  maxItems: number,
): Caller[] {
  let callers = 0;
  let items = 0;
  for (const caller of waiting) {
    items += caller.items.length;
    if (callers > 0 && items > maxItems) break;
    callers += 1;
  }
  return waiting.splice(0, callers);
}
