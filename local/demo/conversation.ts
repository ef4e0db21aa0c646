import { HANDBOOK_NAME } from "./handbook.ts";
import { WEB_PAGE_NAME } from "./web_page.ts";

/** One exchange of the demo, and how to tell that the answer came from the right place. */
export interface Exchange {
  /** What the contact types, piece by piece; the pieces together get one reply. */
  pieces: string[];
  about: string;
  /** What a grounded reply says: each of these. */
  expected: RegExp[];
}

export const CONVERSATION: Exchange[] = [
  {
    about: "only the PDF answers this",
    pieces: ["How long does the warranty on the frame last?"],
    expected: [/\b(seven|7)\b[ -]years?/i, new RegExp(HANDBOOK_NAME, "i"), /\bpage\s*2\b/i],
  },
  {
    about: "only the web page answers this",
    pieces: ["What does delivery to the islands cost?"],
    expected: [/\b14\b|fourteen/i, new RegExp(WEB_PAGE_NAME, "i")],
  },
  {
    about: "neither answers this",
    pieces: ["Who won the chess championship in Reykjavik?"],
    expected: [
      /(do not|don't|don’t|doesn't|doesn’t|does not|could not|couldn't|couldn’t|cannot|can't|can’t|no) .{0,60}(know|find|answer|information|say|help|mention|cover)/is,
    ],
  },
  {
    about: "typed in two pieces, answered once",
    pieces: ["I bought a bicycle last month", "when is the first inspection due?"],
    expected: [/\b300\b/, new RegExp(HANDBOOK_NAME, "i"), /\bpage\s*4\b/i],
  },
];

/** The expectations that a reply misses; empty when it is grounded. */
export function missingFrom(reply: string, exchange: Exchange): RegExp[] {
  // WhatsApp's markup would otherwise stand between the words
  const words = reply.replace(/[*_~`]/g, "");
  return exchange.expected.filter((expected) => !expected.test(words));
}
