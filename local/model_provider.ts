/** Where the models come from: a real vendor when its key is in the environment, else the offline one. */
export interface ModelProvider {
  name: "OpenAI" | "Google" | "offline";
  apiKey: string;
  /** Of OpenAI's interface. null: the local stand-in, whose address is known once it has started. */
  baseUrl: string | null;
  /** null: no model of Google's own interface can be asked */
  googleApiKey: string | null;
  chatModel: string;
  embeddingModel: string;
}

export function chooseModelProvider(env: NodeJS.ProcessEnv): ModelProvider {
  if (env.OPENAI_API_KEY) {
    return {
      name: "OpenAI",
      apiKey: env.OPENAI_API_KEY,
      baseUrl: "https://api.openai.com/v1",
      googleApiKey: env.GOOGLE_API_KEY || null,
      chatModel: "gpt-6-luna",
      embeddingModel: "text-embedding-3-small",
    };
  }
  if (env.GOOGLE_API_KEY) {
    return {
      name: "Google",
      apiKey: env.GOOGLE_API_KEY,
      // for embeddings, which Google offers under OpenAI's interface too; its chat models are asked through its own
      baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
      googleApiKey: env.GOOGLE_API_KEY,
      chatModel: "gemini-3.8-flash",
      embeddingModel: "gemini-embedding-001",
    };
  }
  return {
    name: "offline",
    apiKey: "offline-needs-no-key",
    baseUrl: null,
    googleApiKey: null,
    chatModel: "offline-1",
    embeddingModel: "text-embedding-3-small",
  };
}
