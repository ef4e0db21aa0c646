import {
  type Content,
  FunctionCallingMode,
  type FunctionDeclaration,
  type GenerateContentRequest,
  type GenerationConfig,
  type Part,
} from "@google/generative-ai";
import { modelFacts } from "./model_table.ts";
import type { AssistantMessage, ChatMessage, ModelRequest } from "./models.ts";

/** What a model thinks is counted with what it says, and Gemini thinks unless it is told not to. */
const MAX_OUTPUT_TOKENS = 5_000;
/**
 * Google's own stand-in for the signature of a call that another model made
 * (ai.google.dev/gemini-api/docs/thought-signatures).
 */
const FOREIGN_SIGNATURE = "skip_thought_signature_validator";

export function generateContentRequest(id: string, request: ModelRequest): GenerateContentRequest {
  const { messages, tools, toolChoice } = request;
  const system = messages.flatMap(({ role, text }) => (role === "system" ? [{ text }] : []));
  const mode = toolChoice === "none" ? FunctionCallingMode.NONE : FunctionCallingMode.AUTO;
  return {
    contents: contentsOf(messages, id),
    generationConfig: generationConfig(id),
    ...(system.length > 0 ? { systemInstruction: { role: "system", parts: system } } : {}),
    ...(tools.length > 0
      ? {
          tools: [{ functionDeclarations: tools.map(declaration) }],
          toolConfig: { functionCallingConfig: { mode } },
        }
      : {}),
  };
}

function generationConfig(id: string): GenerationConfig {
  const thinkingLevel = modelFacts(id)?.reasoningEffort;
  const config = {
    maxOutputTokens: MAX_OUTPUT_TOKENS,
    ...(thinkingLevel ? { thinkingConfig: { thinkingLevel } } : {}),
  };
  return config;
}

/** `parametersJsonSchema`, which the package's types lack: `parameters` takes a part of JSON schema only. */
function declaration({ name, description, parameters }: ModelRequest["tools"][number]) {
  const declared = { name, description, parametersJsonSchema: parameters };
  return declared satisfies FunctionDeclaration;
}

/** The results of one answer's calls go back together: Gemini counts them. */
function contentsOf(messages: readonly ChatMessage[], id: string): Content[] {
  const contents: Content[] = [];
  const callIds = new Set<string>();
  let results: Part[] = [];
  for (const message of messages) {
    if (message.role === "tool") {
      const ownId = callIds.has(message.callId) ? { id: message.callId } : {};
      const response = { output: message.text };
      if (results.length === 0) contents.push({ role: "user", parts: results });
      results.push({ functionResponse: { ...ownId, name: message.toolName, response } });
      continue;
    }
    results = [];
    if (message.role === "user") contents.push({ role: "user", parts: [{ text: message.text }] });
    if (message.role === "assistant") {
      const content = modelContent(message, id);
      for (const callId of idsOf(content)) callIds.add(callId);
      contents.push(content);
    }
  }
  return contents;
}

function modelContent({ text, calls = [], raw }: AssistantMessage, id: string): Content {
  // what the API gave us, with fields its types do not name
  if (raw?.model === id) return { ...(raw.content as Content), role: "model" };
  const parts: Part[] = calls.map(({ name, argumentsJson }, index) => ({
    functionCall: { name, args: objectOf(argumentsJson) },
    ...(index === 0 ? { thoughtSignature: FOREIGN_SIGNATURE } : {}),
  }));
  if (text !== "" || calls.length === 0) parts.unshift({ text });
  return { role: "model", parts };
}

/** The calls that the API itself has numbered. */
function idsOf({ parts }: Content): string[] {
  return parts.flatMap(({ functionCall }) =>
    functionCall && "id" in functionCall && typeof functionCall.id === "string"
      ? [functionCall.id]
      : [],
  );
}

/** Another model's arguments may be anything; Gemini wants an object. */
function objectOf(json: string): object {
  try {
    const value: unknown = JSON.parse(json);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
    return { value };
  } catch {
    return { not_json: json };
  }
}
