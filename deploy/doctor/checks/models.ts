import { z } from "zod";
import { parseModelId } from "../../../f/platform/model_table.ts";
import type { WindmillApi } from "../../windmill/windmill_api.ts";
import type { Check } from "../check.ts";
import type { Answer, Http } from "../clients.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { reasonOf } from "../reason.ts";
import { workspaceValues } from "./workspace_values.ts";

const GOOGLE_URL = "https://generativelanguage.googleapis.com";
const OPENAI_URL = "https://api.openai.com/v1";

const providerResource = z.object({ api_key: z.string().min(1), base_url: z.url().optional() });
type Provider = z.infer<typeof providerResource>;

/** OpenAI's list, and Google's. */
const modelList = z.union([
  z
    .object({ data: z.array(z.object({ id: z.string() })) })
    .transform(({ data }) => data.map(({ id }) => id)),
  z
    .object({ models: z.array(z.object({ name: z.string() })) })
    .transform(({ models }) => models.map(({ name }) => name)),
]);

/** The providers of the installation's default models take their keys, and have these models. Asked for the list only: it costs nothing. */
export const models: Check = {
  name: "models",
  needs: [workspaceValues],
  async run({ windmill, http }) {
    const ids = await Promise.all(
      ["f/platform/chat_model", "f/platform/embedding_model"].map(
        async (path) => (await windmill.variable(path))?.value ?? "",
      ),
    );
    const verdicts = await Promise.all(ids.map((id) => judge(windmill, http, id)));
    const problems = verdicts.filter(({ state }) => state !== "ok");
    return problems.length > 0
      ? problems
      : [ok(`${ids.join(" and ")} are there, and the key is taken`)];
  },
};

async function judge(windmill: WindmillApi, http: Http, modelId: string): Promise<Verdict> {
  const { provider, name } = parseModelId(modelId);
  const resource = `f/platform/${provider}`;
  const parsed = providerResource.safeParse(await windmill.resourceValue(resource));
  if (!parsed.success) {
    return failed(
      `the resource ${resource} of ${modelId} has no key`,
      "Set OPENAI_API_KEY or GOOGLE_API_KEY in .env and run npm run deploy.",
    );
  }
  const answer = await askForList(http, provider, parsed.data).catch(reasonOf);
  if (typeof answer === "string") {
    return warning(
      `the models of ${provider} cannot be reached from here: ${answer}`,
      `If the workers cannot either, correct base_url of the resource ${resource}, or their way out.`,
    );
  }
  if (answer.status !== 200) {
    return failed(
      `${provider} answered ${answer.status} to our key`,
      `Write a valid key: OPENAI_API_KEY or GOOGLE_API_KEY in .env, then npm run deploy.`,
    );
  }
  const list = modelList.safeParse(JSON.parse(answer.text)).data ?? [];
  if (list.some((id) => id === name || id.endsWith(`/${name}`))) return ok(`${modelId} is there`);
  return warning(
    `${provider} does not list the model ${name}`,
    "Correct CHAT_MODEL or EMBEDDING_MODEL in .env and run npm run deploy; some servers list not all that they have.",
  );
}

function askForList(
  http: Http,
  provider: string,
  { api_key, base_url }: Provider,
): Promise<Answer> {
  if (provider === "google") {
    return http(`${base_url ?? GOOGLE_URL}/v1beta/models?pageSize=1000`, {
      headers: { "x-goog-api-key": api_key },
    });
  }
  return http(`${base_url ?? OPENAI_URL}/models`, {
    headers: { authorization: `Bearer ${api_key}` },
  });
}
