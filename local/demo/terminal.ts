import { styleText } from "node:util";
import type { JobEvent } from "../windmill/jobs/job_service.ts";

const WIDTH = 92;

/** What the demo prints: one line per thing that happens. */
export const terminal = {
  title: (text: string) => console.log(`\n${styleText("bold", text)}`),
  line: (text: string) => console.log(`  ${text}`),
  /** What a contact or the chatbot said, wrapped under its speaker. */
  said: (speaker: string, text: string) => {
    const name = styleText(speaker === "chatbot" ? "green" : "cyan", speaker.padEnd(8));
    const lines = text.split("\n").flatMap((line) => wrapped(line, WIDTH - 12));
    console.log(`  ${name}  ${lines.join(`\n${" ".repeat(12)}`)}`);
  },
  /** The steps of one flow run with their times, on one line. */
  steps: (steps: readonly JobEvent[]) => {
    const text = steps.map((step) => `${step.stepId} ${step.ms} ms`).join(" · ");
    console.log(styleText("dim", `            ${text}`));
  },
};

function wrapped(line: string, width: number): string[] {
  const lines = [""];
  for (const word of line.split(" ")) {
    const current = lines[lines.length - 1] ?? "";
    if (current && current.length + word.length + 1 > width) lines.push(word);
    else lines[lines.length - 1] = current ? `${current} ${word}` : word;
  }
  return lines;
}
