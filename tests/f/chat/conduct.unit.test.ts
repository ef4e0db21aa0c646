import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Conduct,
  FIRST_SILENCE_MS,
  FORGIVEN_AFTER_MS,
  judge,
  LONGEST_SILENCE_MS,
} from "../../../f/chat/conduct.ts";

const NOW = new Date("2026-11-21T12:00:00Z");
const earlier = (ms: number) => new Date(NOW.getTime() - ms);
const GOOD: Conduct = {
  now: NOW,
  silencedUntil: null,
  penalties: 0,
  loopPoints: 0,
  turnsLastMinute: 0,
  turnsLastHour: 0,
  turnsPerMinute: 30,
  turnsPerHour: 200,
  before: { lastReplyAt: earlier(5_000), texts: ["When do you open?"] },
};
const heard = (body: string) => [{ kind: "text", body, sentAt: NOW }];
const judged = (conduct: Partial<Conduct>, body = "Hello") =>
  judge({ ...GOOD, ...conduct }, heard(body));

/** How long the next silence is, in milliseconds. */
function nextSilence(conduct: Partial<Conduct>): number {
  const verdict = judged({ ...conduct, turnsLastMinute: 30 });
  if (verdict.kind !== "penalty") throw new Error(`it was judged ${verdict.kind}`);
  return verdict.until.getTime() - NOW.getTime();
}

describe("the rate limit", () => {
  it.each([
    ["a minute", { turnsLastMinute: 30 }, { turnsLastMinute: 29 }],
    ["an hour", { turnsLastHour: 200 }, { turnsLastHour: 199 }],
  ])("silences whoever had all answers of %s, and not one before", (_, full, almost) => {
    expect(judged(full)).toMatchObject({ kind: "penalty", reason: "too_many", penalties: 1 });
    expect(judged(almost)).toMatchObject({ kind: "answer" });
  });

  it("is none where the chatbot has none", () => {
    const unlimited = { turnsPerMinute: null, turnsPerHour: null };
    const flood = { turnsLastMinute: 1e6, turnsLastHour: 1e6 };
    expect(judged({ ...flood, ...unlimited })).toMatchObject({ kind: "answer" });
  });
});

describe("a loop", () => {
  it("is stopped at the third quick repetition; something new ends the row", () => {
    const again = (loopPoints: number) => judged({ loopPoints }, "When do you open?");
    expect(again(0)).toEqual({ kind: "answer", loopPoints: 2 });
    expect(again(2)).toEqual({ kind: "answer", loopPoints: 4 });
    expect(again(4)).toMatchObject({ kind: "penalty", reason: "loop" });
    expect(judged({ loopPoints: 4 })).toEqual({ kind: "answer", loopPoints: 0 });
  });

  it("of ever new sentences that nobody could have said so fast gets six answers", () => {
    const answered = (secondsBetween: number) => {
      let [loopPoints, answers] = [0, 0];
      for (; answers < 20; answers += 1) {
        const lastReplyAt = answers === 0 ? null : earlier(secondsBetween * 1_000);
        const sentence = `Is number ${answers} the one with a basket and a bell on it?`;
        const verdict = judged({ loopPoints, before: { lastReplyAt, texts: [] } }, sentence);
        if (verdict.kind !== "answer") break;
        loopPoints = verdict.loopPoints;
      }
      return answers;
    };
    expect(answered(1)).toBe(6);
    expect(answered(10)).toBe(20); // control: a person's pace
  });
});

describe("a silence", () => {
  it("holds until it ends, whatever is said", () => {
    const until = new Date(NOW.getTime() + 1);
    expect(judged({ silencedUntil: until })).toEqual({ kind: "silent", until });
    expect(judged({ silencedUntil: NOW })).toMatchObject({ kind: "answer" }); // control
  });

  it("is twice as long each time, up to a day", () => {
    const silences = [0, 1, 2, 3, 30].map((penalties) =>
      nextSilence({ penalties, silencedUntil: earlier(1) }),
    );
    expect(silences).toEqual([60_000, 120_000, 240_000, 480_000, LONGEST_SILENCE_MS]);
  });

  it("is shorter again after hours of good behaviour", () => {
    const silencedUntil = earlier(2 * FORGIVEN_AFTER_MS);
    expect(nextSilence({ penalties: 3, silencedUntil })).toBe(120_000);
    expect(nextSilence({ penalties: 1, silencedUntil })).toBe(FIRST_SILENCE_MS);
  });

  it("stays within its bounds, grows with the penalties and shrinks with time", () => {
    const penalties = fc.nat({ max: 2_000 });
    const ago = fc.nat({ max: 30 * 24 * FORGIVEN_AFTER_MS });
    fc.assert(
      fc.property(penalties, ago, ago, (count, one, other) => {
        const [recent, longAgo] = [earlier(Math.min(one, other)), earlier(Math.max(one, other))];
        const silence = nextSilence({ penalties: count, silencedUntil: recent });
        expect(silence).toBeGreaterThanOrEqual(FIRST_SILENCE_MS);
        expect(silence).toBeLessThanOrEqual(LONGEST_SILENCE_MS);
        const later = nextSilence({ penalties: count, silencedUntil: longAgo });
        expect(later).toBeLessThanOrEqual(silence);
        const worse = nextSilence({ penalties: count + 1, silencedUntil: recent });
        expect(worse).toBeGreaterThanOrEqual(silence);
      }),
    );
  });

  it("leaves a flood of any length at most the answers of its limits", () => {
    const gaps = fc.array(fc.nat({ max: 20_000 }), { minLength: 200, maxLength: 800 });
    fc.assert(
      fc.property(gaps, (pauses) => {
        const answered: number[] = [];
        let [at, penalties] = [NOW.getTime(), 0];
        let silencedUntil: Date | null = null;
        for (const pause of pauses) {
          at += pause;
          const since = (ms: number) => answered.filter((time) => time > at - ms).length;
          const verdict = judged({
            now: new Date(at),
            silencedUntil,
            penalties,
            turnsLastMinute: since(60_000),
            turnsLastHour: since(3_600_000),
          });
          if (verdict.kind === "answer") answered.push(at);
          if (verdict.kind === "penalty")
            [silencedUntil, penalties] = [verdict.until, verdict.penalties];
          expect(since(60_000)).toBeLessThanOrEqual(30);
          expect(since(3_600_000)).toBeLessThanOrEqual(200);
        }
      }),
      { numRuns: 30 },
    );
  });
});
