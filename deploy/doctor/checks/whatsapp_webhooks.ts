import { z } from "zod";
import { GRAPH_API_VERSION } from "../../../f/platform/whatsapp.ts";
import { businessAccountsOf, describeToken } from "../access_token.ts";
import { type BusinessNumber, forEachNumber, readBusinessNumbers } from "../business_numbers.ts";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { type Graph, openGraph } from "../graph.ts";
import { whatsAppTokens } from "./whatsapp_tokens.ts";

const subscribedApps = z.object({
  data: z.array(z.object({ whatsapp_business_api_data: z.object({ id: z.string() }) })),
});
const phoneNumbers = z.object({ data: z.array(z.object({ id: z.string() })) });

/** Meta sends the webhooks of each active chatbot's business account to our app: each account is subscribed by itself. */
export const whatsAppWebhooks: Check = {
  name: "whatsapp webhooks",
  needs: [whatsAppTokens],
  async run(clients) {
    const numbers = await readBusinessNumbers(clients);
    const graph = await openGraph(clients.windmill, clients.http);
    const verdicts = await forEachNumber(numbers, (number) => judge(graph, number));
    const problems = verdicts.filter(({ state }) => state !== "ok");
    if (problems.length > 0) return problems;
    return [ok(`our app is subscribed to the business accounts of ${numbers.length} chatbots`)];
  },
};

async function judge(graph: Graph, number: BusinessNumber): Promise<Verdict> {
  const { chatbotId, accessToken = "" } = number;
  const token = await describeToken(graph, accessToken);
  const accounts = businessAccountsOf(token);
  if (accounts === undefined) {
    return warning(
      `the token of chatbot ${chatbotId} does not say which business account it is of, so its webhooks were not looked at`,
      `Look with GET /${GRAPH_API_VERSION}/<id of the business account>/subscribed_apps whether our app is there.`,
    );
  }
  const account = await accountOf(graph, number, accounts);
  if (account === undefined) {
    return failed(
      `the token of chatbot ${chatbotId} names no business account that has its number`,
      "Give Meta's system user the WhatsApp account, make a token for it, and store it with f/operations/set_credentials.",
    );
  }
  const { data } = await graph.get(`${account}/subscribed_apps`, accessToken, subscribedApps);
  const isSubscribed = data.some((app) => app.whatsapp_business_api_data.id === token.app_id);
  if (isSubscribed) return ok(`the business account of chatbot ${chatbotId} is subscribed`);
  return failed(
    `Meta sends no webhooks of chatbot ${chatbotId}: our app is not subscribed to its business account`,
    `curl -X POST --oauth2-bearer '<its token>' https://graph.facebook.com/${GRAPH_API_VERSION}/<id of the business account>/subscribed_apps`,
  );
}

async function accountOf(
  graph: Graph,
  { phoneNumberId, accessToken = "" }: BusinessNumber,
  accounts: readonly string[],
): Promise<string | undefined> {
  for (const account of accounts) {
    const path = `${account}/phone_numbers?fields=id&limit=100`;
    const { data } = await graph.get(path, accessToken, phoneNumbers);
    if (data.some(({ id }) => id === phoneNumberId)) return account;
  }
  return undefined;
}
