import { describe, expect, it } from "vitest";
import { type Heard, machinePoints } from "../../../f/chat/machine_like.ts";

const REPLIED = new Date("2026-11-21T12:00:00Z");
const OFFICE =
  "Thank you for your message. Our office is closed at the moment. We are back on Monday at nine o'clock.";
const LETTER =
  "That is very kind of you, and I would love to hear more about the bicycles that you have in store, their colours, their sizes and what they cost.";

function heard(body: string, secondsAfterReply: number, kind = "text"): Heard {
  return { kind, body, sentAt: new Date(REPLIED.getTime() + secondsAfterReply * 1_000) };
}

function points(messages: Heard | Heard[], ...texts: string[]) {
  return machinePoints([messages].flat(), { lastReplyAt: REPLIED, texts });
}

describe("a machine", () => {
  it.each([
    ["repeats itself within seconds", points(heard(OFFICE, 3), OFFICE)],
    ["echoes what we said", points(heard("We open at nine.", 2), "We open at *nine*.")],
    [
      "takes turns between two texts",
      points(heard("Anything else, dear?", 2), "Bye and thanks!", "x", "Anything else, dear?"),
    ],
    [
      "changes a number in a long text",
      points(heard(`${OFFICE} You are number 5.`, 3), `${OFFICE} You are number 6.`),
    ],
    ["writes a letter in three seconds", points(heard(LETTER, 3))],
    [
      "seems to answer before we asked, by a clock of whole seconds",
      points(heard(OFFICE, -0.6), OFFICE),
    ],
  ])("%s", (_, found) => expect(found).toBe(2));

  it("that repeats itself slowly is less sure", () => {
    expect(points(heard(OFFICE, 600), OFFICE)).toBe(1);
    expect(points(heard(OFFICE, 7_200), OFFICE)).toBe(0);
  });
});

describe("a sentence", () => {
  const SENTENCE = "That sounds good, and what does the red one cost?";

  it("that comes faster than anybody speaks may have been written before our reply, or be a machine's", () => {
    expect(points(heard(SENTENCE, 2))).toBe(1);
    // in pieces: they were begun before our reply
    expect(points([heard(SENTENCE, 1), heard(SENTENCE, 2)])).toBe(0);
  });

  it("that somebody can have said since our reply is a person's", () => {
    expect(points(heard(SENTENCE, 3))).toBe(0);
    expect(points(heard("And what does the red one cost?", 0))).toBe(0); // short enough to be typed ahead
  });
});

describe("a person", () => {
  it.each([
    ["asks something new at once", heard("And on Sunday?", 1)],
    ["asks the same of another thing", heard("How much is bike 2?", 2)],
    ["takes the time to write a letter", heard(LETTER, 30)],
    ["wrote on while we answered", heard(OFFICE, -5)],
    ["sends one picture after the other", heard("", 1, "image")],
    ["presses the same button", heard("Show me more offers", 1, "interactive")],
  ])("%s", (_, message) => {
    expect(points(message, "How much is bike 1?", OFFICE, "Show me more offers")).toBe(0);
  });

  it("may say a word or two again", () => {
    expect(points(heard("yes please", 2), "Yes, please!")).toBe(1);
  });

  it("says something new together with the old", () => {
    expect(points([heard(OFFICE, 2), heard("Did you get that?", 3)], OFFICE)).toBe(0);
  });

  it("has not been answered yet", () => {
    expect(machinePoints([heard(OFFICE, 1)], { lastReplyAt: null, texts: [OFFICE] })).toBe(0);
  });
});
