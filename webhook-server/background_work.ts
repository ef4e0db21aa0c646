/** What still runs after its request was answered, so that a shutdown can wait for it. */
export interface BackgroundWork {
  /** @param work - never rejects: there is nobody left to tell. */
  add(work: Promise<void>): void;
  settled(): Promise<void>;
}

export function makeBackgroundWork(): BackgroundWork {
  const running = new Set<Promise<void>>();
  return {
    add(work) {
      running.add(work);
      work.finally(() => running.delete(work));
    },
    async settled() {
      await Promise.all(running);
    },
  };
}
