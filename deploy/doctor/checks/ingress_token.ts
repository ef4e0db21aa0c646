import { WindmillRefusedError } from "../../windmill/errors.ts";
import type { WindmillToken } from "../../windmill/users_api.ts";
import type { WindmillApi } from "../../windmill/windmill_api.ts";
import type { Check } from "../check.ts";
import { failed, ok, skipped, type Verdict, warning } from "../finding.ts";
import { windmill } from "./windmill.ts";

/** The scope that starts the flow, and nothing more: windmill-api-auth/src/scopes.rs. */
const MAY_ONLY_RUN = /^jobs:run:flows:f\/chat\/(\*|whatsapp_webhook_processor)$/;
/** Any path: the scope of variables is asked before the path is looked up. */
const A_VARIABLE = "f/platform/openai_api_key";
const SOON_MS = 14 * 24 * 3_600_000;

const RENEW =
  "Empty INGRESS_WINDMILL_TOKEN in .env, run npm run deploy, and delete the old token in Windmill (Account settings, Tokens).";

/** The ingress' token is known to Windmill, may start the flow, and may do nothing else. */
export const ingressToken: Check = {
  name: "ingress token",
  needs: [windmill],
  async run({ windmill: api, now }, settings) {
    const token = settings.ingress.windmillToken;
    if (token === undefined) return [skipped("INGRESS_WINDMILL_TOKEN")];
    const refusal = await refusalOf(() => api.withToken(token).variableExists(A_VARIABLE));
    if (refusal === undefined) {
      return [
        failed(
          "INGRESS_WINDMILL_TOKEN may also read variables: whoever takes the ingress over has every secret",
          RENEW,
        ),
      ];
    }
    if (refusal.status === 401)
      return [failed("Windmill does not know INGRESS_WINDMILL_TOKEN", RENEW)];
    if (refusal.status !== 403) throw refusal;
    const listed = (await api.listTokens()).find(({ token_prefix }) =>
      token.startsWith(token_prefix),
    );
    if (listed !== undefined) return [judge(listed, settings.windmill.workspace, now())];
    return [await tryOut(api.withToken(token))];
  },
};

/** For a token that another admin made, whose scopes are not listed to us: scopes are asked before the path is looked up. */
async function tryOut(api: WindmillApi): Promise<Verdict> {
  const flow = await refusalOf(() => api.startJob("f", "f/chat/no_such_flow", {}));
  const script = await refusalOf(() => api.startJob("p", "f/operations/no_such_script", {}));
  if (script?.status !== 403) return failed("INGRESS_WINDMILL_TOKEN may also run scripts", RENEW);
  if (flow?.status === 403)
    return failed("INGRESS_WINDMILL_TOKEN may not start the flows of f/chat", RENEW);
  return ok("may start flows of f/chat, run no script and read no variable");
}

function judge(token: WindmillToken, workspace: string, now: number): Verdict {
  const scopes = token.scopes ?? [];
  const others = scopes.filter((scope) => !MAY_ONLY_RUN.test(scope));
  if (others.length > 0) {
    return failed(
      `INGRESS_WINDMILL_TOKEN may do more than start the flow: ${others.join(", ")}`,
      RENEW,
    );
  }
  const place = token.workspace_id ?? workspace;
  if (scopes.length === 0 || place !== workspace) {
    return failed(
      `INGRESS_WINDMILL_TOKEN may not start flows of the workspace ${workspace}`,
      RENEW,
    );
  }
  const left = token.expiration ? Date.parse(token.expiration) - now : Number.POSITIVE_INFINITY;
  if (left < SOON_MS) {
    const days = Math.max(0, Math.floor(left / (24 * 3_600_000)));
    return warning(`INGRESS_WINDMILL_TOKEN ends in ${days} days`, RENEW);
  }
  return ok("may start the flow and do nothing else");
}

async function refusalOf(call: () => Promise<unknown>): Promise<WindmillRefusedError | undefined> {
  try {
    await call();
    return undefined;
  } catch (error) {
    if (error instanceof WindmillRefusedError) return error;
    throw error;
  }
}
