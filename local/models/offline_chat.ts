import { createHash } from "node:crypto";
import { answerFromPassages } from "./answer_from_passages.ts";
import { type ChatMessage, type ChatRequest, type ChatTool, textOf } from "./chat_request.ts";
import { summaryOffline } from "./offline_summary.ts";
import { passagesFrom } from "./passages.ts";
import { smallTalkReply } from "./small_talk.ts";

/** What a model answers: text, or the calls of tools. */
export interface ChatReply {
  content?: string;
  toolCalls?: { id?: string; name: string; arguments: string }[];
}

const SEARCH_TOOL = /(^|_)search_knowledge_base$/;

/** How the prompt's data about the conversation begins: the customer said none of it. */
const DATA = "[data ";

const DO_NOT_KNOW = "I'm sorry, I don't know: I found no answer to that in our documents.";

const COULD_NOT_LOOK =
  "I'm sorry, I could not look that up just now. Please ask me again in a moment.";

/**
 * The offline model. It looks a question up, then says what the passages say and where; it takes
 * nothing else from them, so an instruction in a document stays a sentence in a document.
 */
export function replyOffline(request: ChatRequest): ChatReply {
  const summary = summaryOffline(request.messages);
  if (summary !== undefined) return { content: summary };
  const { asked, before, toolResults } = readTurn(request.messages);
  const search = request.tools?.find((tool) => SEARCH_TOOL.test(tool.function.name));
  const forbidden = request.tool_choice === "none";

  if (toolResults.length > 0) return { content: replyFromResults(asked, before, toolResults) };
  const smallTalk = smallTalkReply(asked);
  if (smallTalk !== undefined) return { content: smallTalk };
  if (search === undefined || forbidden) return { content: DO_NOT_KNOW };
  return {
    toolCalls: questionsIn(asked, before).map((question) =>
      searchCall(search, lookedUp(question), request.messages.length),
    ),
  };
}

function replyFromResults(asked: string, before: string, results: readonly string[]): string {
  const read = results.map(passagesFrom);
  const passages = read.flatMap((result) => result.passages);
  const answers = questionsIn(asked, before).flatMap(
    (question) => answerFromPassages(question.asked, passages, question.before) ?? [],
  );
  if (answers.length > 0) return [...new Set(answers)].join("\n\n");
  return read.every((result) => result.failed) ? COULD_NOT_LOOK : DO_NOT_KNOW;
}

interface Question {
  asked: string;
  /** The question that it continues; "" where it stands alone. */
  before: string;
}

/** What one turn asks: each line with a question mark where there are several, else all that was said. */
function questionsIn(asked: string, before: string): Question[] {
  const lines = asked.split("\n").filter((line) => /[?？؟]/.test(line));
  const questions = lines.length > 1 ? lines : [asked];
  return questions.map((question, index) => ({
    asked: question,
    before: isFollowUp(question) ? (questions[index - 1] ?? before) : "",
  }));
}

interface Turn {
  /** All that the user said since the last answer. */
  asked: string;
  /** What the user said in the turn before. */
  before: string;
  toolResults: string[];
}

function readTurn(messages: readonly ChatMessage[]): Turn {
  const ends = messages.flatMap((message, index) =>
    message.role === "assistant" && message.tool_calls === undefined ? [index] : [],
  );
  const last = messages.slice((ends.at(-1) ?? -1) + 1);
  const previous = messages.slice((ends.at(-2) ?? -1) + 1, ends.at(-1) ?? 0);
  return {
    asked: said(last, "user").join("\n"),
    before: said(previous, "user").join("\n"),
    toolResults: said(last, "tool"),
  };
}

function said(messages: readonly ChatMessage[], role: "user" | "tool"): string[] {
  return messages
    .filter((message) => message.role === role)
    .map((message) => textOf(message.content))
    .filter((text) => role === "tool" || !text.startsWith(DATA));
}

function lookedUp({ asked, before }: Question): string {
  return `${before}\n${asked}`.trim();
}

/** "And to the islands?" only means something together with the question before it. */
function isFollowUp(asked: string): boolean {
  return /^(and|but|what about|how about|y|und|et)\b/i.test(asked.trim());
}

function searchCall(tool: ChatTool, question: string, turn: number) {
  const properties = Object.keys(Object(tool.function.parameters?.properties));
  const parameter = properties.find((name) => /query|question/.test(name)) ?? "query";
  const id = createHash("sha256").update(`${turn}:${question}`).digest("base64url").slice(0, 24);
  return {
    id: `call_${id}`,
    name: tool.function.name,
    arguments: JSON.stringify({ [parameter]: question }),
  };
}
