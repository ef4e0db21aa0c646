import { randomUUID } from "node:crypto";
import type { JobRecord, JobRecords } from "../../../f/platform/job_records.ts";

interface Kept {
  readonly id: string;
  readonly parent: string | undefined;
  readonly eventId: number | undefined;
  isCompleted: boolean;
}

/** Windmill's record of its jobs, in memory. A job that is cancelled has ended at the next look. */
export class JobArchive {
  readonly cancelled: string[] = [];
  /** Whether who asks is an admin of the workspace. */
  isAdmins = true;
  readonly #jobs = new Map<string, Kept>();

  add(job: {
    id?: string | null;
    parent?: string;
    eventId?: number | undefined;
    isCompleted?: boolean;
  }): string {
    const id = job.id ?? randomUUID();
    const { parent, eventId, isCompleted = true } = job;
    this.#jobs.set(id, { id, parent, eventId, isCompleted });
    return id;
  }

  ids(): string[] {
    return [...this.#jobs.keys()];
  }

  readonly records: JobRecords = {
    mayRemove: async () => this.isAdmins,
    find: async (id) => this.#snapshot((job) => job.id === id)[0],
    ofEvent: async (eventId) => this.#snapshot((job) => job.eventId === eventId),
    children: async (id) => this.#snapshot((job) => job.parent === id),
    cancel: async (id) => {
      this.cancelled.push(id);
      const job = this.#jobs.get(id);
      if (job) job.isCompleted = true;
    },
    remove: async (ids) => {
      for (const id of ids) {
        if (this.#jobs.get(id)?.isCompleted === false) throw new Error(`job ${id} runs`);
        this.#jobs.delete(id);
      }
    },
  };

  #snapshot(isWanted: (job: Kept) => boolean): JobRecord[] {
    return [...this.#jobs.values()].filter(isWanted).map((job) => ({ ...job }));
  }
}
