import { z } from "zod";
import { describeToken } from "../access_token.ts";
import { type BusinessNumber, forEachNumber, readBusinessNumbers } from "../business_numbers.ts";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { type Graph, GraphRefusedError, openGraph } from "../graph.ts";
import { credentials } from "./credentials.ts";
import { workspaceValues } from "./workspace_values.ts";

const SCOPES = ["whatsapp_business_messaging", "whatsapp_business_management"];
const SOON_DAYS = 7;
const DAY_MS = 24 * 3_600_000;

const numberState = z.object({
  status: z.string().optional(),
  quality_rating: z.string().optional(),
});

/** Each active chatbot may write as its number: its token is valid, for long enough, and of that number. */
export const whatsAppTokens: Check = {
  name: "whatsapp tokens",
  needs: [credentials, workspaceValues],
  async run(clients) {
    const numbers = await readBusinessNumbers(clients);
    const graph = await openGraph(clients.windmill, clients.http);
    const verdicts = await forEachNumber(numbers, (number) => judge(graph, number, clients.now()));
    const problems = verdicts.flat();
    if (problems.length > 0) return problems;
    return [ok(`${numbers.length} active chatbots may write as their numbers`)];
  },
};

async function judge(graph: Graph, number: BusinessNumber, now: number): Promise<Verdict[]> {
  const { chatbotId, accessToken } = number;
  const renew = `Make a system user's token at Meta with ${SCOPES.join(" and ")}, and store it with f/operations/set_credentials.`;
  if (accessToken === undefined) {
    return [failed(`chatbot ${chatbotId} has no access token`, renew)];
  }
  try {
    const token = await describeToken(graph, accessToken);
    if (!token.is_valid) return [failed(`Meta refuses the token of chatbot ${chatbotId}`, renew)];
    const missing = SCOPES.filter((scope) => !token.scopes.includes(scope));
    if (missing.length > 0) {
      return [failed(`the token of chatbot ${chatbotId} lacks ${missing.join(" and ")}`, renew)];
    }
    const days = token.expires_at === 0 ? Infinity : (token.expires_at * 1_000 - now) / DAY_MS;
    const ends =
      days < SOON_DAYS
        ? [
            warning(
              `the token of chatbot ${chatbotId} ends in ${Math.max(0, Math.floor(days))} days`,
              renew,
            ),
          ]
        : [];
    return [...ends, ...(await judgeNumber(graph, number, accessToken))];
  } catch (error) {
    if (!(error instanceof GraphRefusedError)) throw error;
    const what = error.isAboutToken
      ? `Meta refuses the token of chatbot ${chatbotId}`
      : `about chatbot ${chatbotId}, ${error.message}: its number is not one of this token's`;
    return [failed(what, renew)];
  }
}

async function judgeNumber(
  graph: Graph,
  number: BusinessNumber,
  token: string,
): Promise<Verdict[]> {
  const path = `${number.phoneNumberId}?fields=status,quality_rating`;
  const { status, quality_rating: quality } = await graph.get(path, token, numberState);
  const verdicts: Verdict[] = [];
  if (status !== undefined && status !== "CONNECTED") {
    verdicts.push(
      warning(
        `the number of chatbot ${number.chatbotId} is ${status} at Meta`,
        "Look at it in Meta's WhatsApp Manager; a number that is not connected sends nothing.",
      ),
    );
  }
  if (quality === "RED") {
    verdicts.push(
      warning(
        `Meta rates the number of chatbot ${number.chatbotId} low, and may slow or block it`,
        "Read in Meta's WhatsApp Manager why contacts block or report it.",
      ),
    );
  }
  return verdicts;
}
