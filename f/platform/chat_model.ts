import { chatCompletionsModel } from "./chat_completions.ts";
import { fallbackChain } from "./fallback_chain.ts";
import { geminiModel, makeGeminiClient } from "./gemini.ts";
import { modelFacts, parseModelId } from "./model_table.ts";
import type { ChatModel } from "./models.ts";
import { makeOpenAiClient, OPENAI_URL } from "./openai.ts";
import { readProvider, UnknownProviderError } from "./provider.ts";
import { responsesModel } from "./responses.ts";
import { CONTACT_WAITS, type RetryPlan } from "./retry.ts";

/** How long a model is waited for, and how often it is asked. */
interface Patience {
  readonly timeoutMs: number;
  readonly retries: RetryPlan;
}

/** What ends the chain: nobody is left to answer, so it is asked twice. */
const LAST: Patience = { timeoutMs: 25_000, retries: CONTACT_WAITS };
/** What the models before the last share, so that the turn's minute holds them all. */
const BEFORE_THE_LAST_MS = 33_000;

/** The models of one turn, by their ids, as one: the first, and the others for when it does not answer. */
export function chatModelFor(ids: readonly [string, ...string[]]): ChatModel {
  const before = beforeTheLast(ids.length - 1);
  const [first, ...others] = ids.map((id, index) =>
    openedWhenAsked(id, index === ids.length - 1 ? LAST : before),
  );
  // the tuple has a first
  return others.length > 0 ? fallbackChain([first as ChatModel, ...others]) : (first as ChatModel);
}

/** Asked once: the next model answers sooner than a second attempt. */
function beforeTheLast(models: number): Patience {
  return {
    timeoutMs: Math.min(LAST.timeoutMs, BEFORE_THE_LAST_MS / models),
    retries: { attempts: 1, firstWaitMs: 0, longestWaitMs: 0 },
  };
}

/** A fallback's resource is read when it is needed, so that a mistake in it does not stop the first model. */
function openedWhenAsked(id: string, patience: Patience): ChatModel {
  let opened: Promise<ChatModel> | undefined;
  return {
    id,
    async answer(request) {
      opened ??= openModel(id, patience);
      return (await opened).answer(request);
    },
  };
}

async function openModel(id: string, { timeoutMs, retries }: Patience): Promise<ChatModel> {
  const { provider } = parseModelId(id);
  const { apiKey, baseUrl } = await readProvider(provider);
  if (provider === "google") {
    return geminiModel(makeGeminiClient({ apiKey, baseUrl }), id, { timeoutMs, retries });
  }
  const url = baseUrl ?? (provider === "openai" ? OPENAI_URL : undefined);
  if (url === undefined) throw new UnknownProviderError(provider);
  const client = makeOpenAiClient({ apiKey, baseUrl: url, timeoutMs });
  return modelFacts(id)?.api === "responses"
    ? responsesModel(client, id, retries)
    : chatCompletionsModel(client, id, retries);
}
