import { describe, expect, it } from "vitest";
import { newestWithin } from "../../../f/chat/history.ts";

const said = (body: string) => ({ author: "contact" as const, kind: "text", body });

describe("the history window", () => {
  const history = ["first", "second", "third"].map(said);

  it("holds all that fits", () => {
    expect(newestWithin(history, 100)).toEqual(history);
    expect(newestWithin([], 100)).toEqual([]);
  });

  it("leaves out the oldest, and what is before a long one, although that would fit", () => {
    expect(newestWithin(history, 13)).toEqual(history.slice(1));
    expect(newestWithin([said("a"), said("long ".repeat(1_000)), said("b")], 50)).toEqual([
      said("b"),
    ]);
  });

  it("holds fewer words of a script that takes more tokens", () => {
    const english = Array.from({ length: 50 }, () => said("Where is my parcel today?"));
    const chinese = Array.from({ length: 50 }, () =>
      said("我的包裹今天到底在哪里呢请您告诉我好吗谢谢您"),
    );
    expect(newestWithin(chinese, 200).length).toBeLessThan(newestWithin(english, 200).length);
  });

  it("may hold nothing", () => {
    expect(newestWithin(history, 0)).toEqual([]);
  });
});
