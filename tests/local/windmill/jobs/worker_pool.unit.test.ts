import { setImmediate } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { WorkerPool } from "../../../../local/windmill/jobs/worker_pool.ts";

const never = new AbortController().signal;

/** Tasks that end when told to, and the names of those that have started. */
function makeTasks() {
  const started: string[] = [];
  const ends = new Map<string, () => void>();
  const task = (name: string) => () => {
    started.push(name);
    return new Promise<string>((resolve) => ends.set(name, () => resolve(name)));
  };
  return { started, task, end: (name: string) => ends.get(name)?.() };
}

describe("a pool of workers", () => {
  it("runs so many tasks at once, the others in the order in which they came", async () => {
    const { started, task, end } = makeTasks();
    const pool = new WorkerPool(2);
    const results = ["a", "b", "c", "d"].map((name) => pool.run(never, task(name)));
    await setImmediate();
    expect(started).toEqual(["a", "b"]);
    end("b");
    await setImmediate();
    expect(started).toEqual(["a", "b", "c"]);
    for (const name of ["a", "c"]) end(name);
    await setImmediate();
    end("d");
    expect(await Promise.all(results)).toEqual(["a", "b", "c", "d"]);
  });

  it("goes on after a task that failed", async () => {
    const pool = new WorkerPool(1);
    const failing = pool.run(never, () => Promise.reject(new Error("no")));
    const next = pool.run(never, async () => "next");
    await expect(failing).rejects.toThrow("no");
    expect(await next).toBe("next");
  });

  it("never runs a task that was given up while it waited", async () => {
    const { started, task, end } = makeTasks();
    const pool = new WorkerPool(1);
    const first = pool.run(never, task("first"));
    const giveUp = new AbortController();
    const second = pool.run(giveUp.signal, task("second"));
    const third = pool.run(never, task("third"));
    await setImmediate();
    giveUp.abort();
    expect(await second).toBeUndefined();
    end("first");
    await first;
    await setImmediate();
    end("third");
    expect(await third).toBe("third");
    expect(started).toEqual(["first", "third"]);
  });
});
