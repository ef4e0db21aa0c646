import { describe, expect, it } from "vitest";
import { makeGroupCommit } from "../../webhook-server/group_commit.ts";

class Refused extends Error {}

/** Commits that end when the test says so; an item "bad" refuses whatever it is committed with. */
function heldCommits(options: { maxItems?: number; atOnce?: number } = {}) {
  const commits: string[][] = [];
  const release: (() => void)[] = [];
  const commit = makeGroupCommit(
    async (items: readonly string[]) => {
      commits.push([...items]);
      await new Promise<void>((resolve) => release.push(resolve));
      if (items.includes("bad")) throw new Refused();
      if (items.includes("lost")) throw new Error("the connection is lost");
      return items.map((item) => item.toUpperCase());
    },
    {
      maxItems: options.maxItems ?? 10,
      atOnce: options.atOnce ?? 1,
      mayBeOneCallers: (error) => error instanceof Refused,
    },
  );
  const nextCommit = async () => {
    await new Promise((resolve) => setImmediate(resolve));
    release.shift()?.();
  };
  return { commits, commit, nextCommit };
}

/** Ends every commit until the callers have their answers. */
async function settle<Result>(
  { nextCommit }: { nextCommit: () => Promise<unknown> },
  answers: Promise<Result>[],
): Promise<PromiseSettledResult<Result>[]> {
  let isSettled = false;
  const settled = Promise.allSettled(answers).finally(() => {
    isSettled = true;
  });
  while (!isSettled) await nextCommit();
  return settled;
}

describe("a group commit", () => {
  it("brings together what comes while another is under way, and gives each caller its own", async () => {
    const held = heldCommits();
    const first = held.commit(["a"]);
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    const answers = [first, held.commit(["b", "c"]), held.commit([]), held.commit(["d"])];
    const settled = await settle(held, answers);
    expect(held.commits).toEqual([["a"], ["b", "c", "d"]]);
    expect(settled.map((answer) => answer.status === "fulfilled" && answer.value)).toEqual([
      ["A"],
      ["B", "C"],
      [],
      ["D"],
    ]);
  });

  it("answers nobody before the commit", async () => {
    const held = heldCommits();
    let isAnswered = false;
    const answer = held.commit(["a"]).then(() => {
      isAnswered = true;
    });
    while (held.commits.length === 0) await new Promise((resolve) => setImmediate(resolve));
    expect(isAnswered).toBe(false);
    await settle(held, [answer]);
    expect(isAnswered).toBe(true); // control
  });

  it("fails only the caller whose items are refused", async () => {
    const held = heldCommits();
    const answers = [held.commit(["a"]), held.commit(["bad"]), held.commit(["c"])];
    const settled = await settle(held, answers);
    expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
    expect(held.commits).toEqual([["a", "bad", "c"], ["a"], ["bad"], ["c"]]);
  });

  it("tries nothing again after a failure that is nobody's fault", async () => {
    const held = heldCommits();
    const settled = await settle(held, [held.commit(["a"]), held.commit(["lost"])]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(held.commits).toEqual([["a", "lost"]]);
  });

  it("does not grow a commit beyond its limit, and splits no caller's items", async () => {
    const held = heldCommits({ maxItems: 2 });
    const callers = [["a"], ["b", "c", "d"], ["e"], ["f"]];
    await settle(
      held,
      callers.map((items) => held.commit(items)),
    );
    expect(held.commits).toEqual([["a"], ["b", "c", "d"], ["e", "f"]]);
  });
});
