import { z } from "zod";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict } from "../finding.ts";
import { windmill } from "./windmill.ts";

/** What the steps cannot do without; README has the whole list. */
const VARIABLES = [
  "f/platform/chat_model",
  "f/platform/embedding_model",
  "f/platform/credentials_keys",
  "f/platform/slack_webhook_url",
];
const RESOURCES = ["f/platform/postgres", "f/platform/openai", "f/platform/whatsapp_cloud_api"];

const login = z.object({ user: z.string() });

/** The variables and resources that the steps read are there; no value is looked at but the database's user. */
export const workspaceValues: Check = {
  name: "variables",
  needs: [windmill],
  async run({ windmill: api }) {
    const isThere = await Promise.all([
      ...VARIABLES.map((path) => api.variableExists(path)),
      ...RESOURCES.map(async (path) => (await api.resource(path)) !== undefined),
    ]);
    const all = [...VARIABLES, ...RESOURCES];
    const verdicts: Verdict[] = all
      .filter((_path, index) => !isThere[index])
      .map((path) => failed(`${path} is not in Windmill`, "Run npm run deploy."));
    const database = login.safeParse((await api.resource("f/platform/postgres"))?.value);
    if (database.success && database.data.user !== "chatbot_app") {
      verdicts.push(
        failed(
          `the steps log in to the database as ${database.data.user}, whom row-level security may not bind`,
          "Give the resource f/platform/postgres the role chatbot_app and its password.",
        ),
      );
    }
    if (verdicts.length > 0) return verdicts;
    return [ok(`the ${all.length} variables and resources that the steps read are there`)];
  },
};
