import { describe, expect, it } from "vitest";
import { type Hit, joinNeighbours, type Neighbour } from "../../../f/knowledge/join_neighbours.ts";

/** Ten chunks of 100 characters, each of which repeats 20 of the one before; no two characters in a row are alike. */
const TEXT = Array.from({ length: 900 }, (_, at) => String.fromCharCode(0x4e00 + at)).join("");
const chunk = (chunkNo: number, page: number | null = null): Neighbour => {
  const start = chunkNo * 80;
  return { chunkNo, page, content: TEXT.slice(start, start + 100), start, end: start + 100 };
};
const hit = (chunkNo: number, page: number | null = null, around = page): Hit => ({
  ...chunk(chunkNo, page),
  knowledgeSourceId: "a",
  neighbours: [chunkNo - 1, chunkNo + 1].filter((at) => at >= 0).map((at) => chunk(at, around)),
});
const stretches = (hits: Hit[], budget: number) =>
  joinNeighbours(hits, budget).map(({ chunkNo, start, end, content }) => {
    expect(content).toBe(TEXT.slice(start, end));
    return [chunkNo, start, end];
  });

describe("joinNeighbours", () => {
  it("gives a hit the text after and before it, without what the chunks share", () => {
    expect(stretches([hit(3)], 1_000)).toEqual([[3, 160, 420]]);
  });

  it("stays within the budget, and takes what follows first", () => {
    expect(stretches([hit(3)], 259)).toEqual([[3, 240, 420]]);
    expect(stretches([hit(3)], 260)).toEqual([[3, 160, 420]]);
    expect(stretches([hit(3)], 100)).toEqual([[3, 240, 340]]);
    expect(stretches([hit(3)], 0)).toEqual([[3, 240, 340]]);
  });

  it("gives the best hit its neighbours first", () => {
    expect(stretches([hit(7), hit(2)], 360)).toEqual([
      [7, 480, 740],
      [2, 160, 260],
    ]);
  });

  it("makes one passage of hits that touch, in the place of the better", () => {
    expect(stretches([hit(8), hit(4), hit(3)], 0)).toEqual([
      [8, 640, 740],
      [4, 240, 420],
    ]);
    expect(stretches([hit(3), hit(4)], 0)).toEqual([[3, 240, 420]]);
  });

  it("makes one passage of two hits when the chunk between them is a hit, too", () => {
    expect(stretches([hit(3), hit(5), hit(4)], 0)).toEqual([[3, 240, 500]]);
  });

  it("says nothing twice where two hits have a neighbour in common", () => {
    const all = joinNeighbours([hit(3), hit(5)], 1_000).map(({ content }) => content);
    const [first = "", second = ""] = all;
    expect(all).toHaveLength(2);
    expect([...first].filter((character) => second.includes(character))).toEqual([]);
    expect(first).toContain(chunk(3).content); // control: both are there
    expect(second).toContain(chunk(6).content);
  });

  it("puts a line break where white space between two chunks was left out", () => {
    const next = { ...chunk(4), start: 342, end: 442 };
    const [passage] = joinNeighbours([{ ...hit(3), neighbours: [next] }], 1_000);
    expect(passage?.content).toBe(`${chunk(3).content}\n${next.content}`);
  });

  it("joins nothing of another page, nor of another source", () => {
    expect(stretches([hit(3, 1, 2)], 1_000)).toEqual([[3, 240, 340]]);
    const elsewhere = [hit(3), { ...hit(4), knowledgeSourceId: "b" }];
    expect(joinNeighbours(elsewhere, 0)).toHaveLength(2);
    expect(joinNeighbours([hit(3), hit(4)], 0)).toHaveLength(1); // control
    // the other source's text at the same place is another text
    const [first] = joinNeighbours([hit(3), { ...hit(4), knowledgeSourceId: "b" }], 1_000);
    expect(first).toMatchObject({ start: 160, end: 420 });
  });

  it("keeps what is cited of the better hit", () => {
    const [first, second] = [hit(4, 2), hit(5, 2)];
    const cited = { ...first, sourceName: "Handbook" };
    expect(joinNeighbours([cited, { ...second, sourceName: "Handbook" }], 0)).toMatchObject([
      { sourceName: "Handbook", page: 2, chunkNo: 4 },
    ]);
  });
});
