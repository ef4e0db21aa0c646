import { z } from "zod";
import type { WindmillResource } from "../../windmill/values_api.ts";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { windmill } from "./windmill.ts";

/** What the steps cannot do without; README has the whole list. */
const VARIABLES = [
  "f/platform/chat_model",
  "f/platform/embedding_model",
  "f/platform/credentials_keys",
  "f/platform/slack_webhook_url",
];
/** With their types, by which Windmill's forms know them. */
const RESOURCES = new Map([
  ["f/platform/postgres", "postgresql"],
  ["f/platform/openai", "openai"],
  ["f/platform/whatsapp_cloud_api", "whatsapp_cloud_api"],
]);

const login = z.object({ user: z.string() });

/** The variables and resources that the steps read are there; no value is looked at but the database's user. */
export const workspaceValues: Check = {
  name: "variables",
  needs: [windmill],
  async run({ windmill: api }) {
    const verdicts = (
      await Promise.all([
        ...VARIABLES.map(async (path) => ((await api.variableExists(path)) ? [] : [absent(path)])),
        ...[...RESOURCES].map(async ([path, type]) => judge(path, type, await api.resource(path))),
      ])
    ).flat();
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
    const count = VARIABLES.length + RESOURCES.size;
    return [ok(`the ${count} variables and resources that the steps read are there`)];
  },
};

const absent = (path: string) => failed(`${path} is not in Windmill`, "Run npm run deploy.");

function judge(path: string, type: string, resource: WindmillResource | undefined): Verdict[] {
  if (resource === undefined) return [absent(path)];
  if (resource.resource_type === type) return [];
  return [
    warning(
      `${path} is of the type ${resource.resource_type}, and not ${type}`,
      "Delete it in Windmill and run npm run deploy, which makes it anew.",
    ),
  ];
}
