import type { IngressHost } from "../compose.ts";
import type { SecretStore } from "../env_file.ts";
import { different, type Item, missing, same, type Unit } from "../unit.ts";
import { WindmillRefusedError } from "../windmill/errors.ts";
import type { WindmillSession } from "../windmill/session.ts";
import type { WindmillToken } from "../windmill/users_api.ts";
import type { WindmillApi } from "../windmill/windmill_api.ts";

const NAME = "INGRESS_WINDMILL_TOKEN";
const SCOPES = ["jobs:run:flows:f/chat/*"];
const TOO_MUCH = "it may do more than start flows";
/** In the folder of that scope, and of no flow: asking for it starts nothing. */
const NO_FLOW = "f/chat/no_such_flow";

/** The ingress has a token of its own that may start the flows of f/chat and nothing else, and runs with it. */
export function ingressToken(
  session: WindmillSession,
  token: string | undefined,
  secrets: SecretStore,
  ingress: IngressHost,
): Unit {
  return {
    name: "ingress token",
    async compare() {
      if (token === undefined) return [missing(NAME, make, `kept in ${secrets.where}`)];
      const problem = await problemOf(session.anonymous.withToken(token));
      if (problem === undefined) return [same(NAME), ...(await runningItem(token))];
      const strong = problem === TOO_MUCH ? await ownToken(session, token) : undefined;
      return [different(NAME, () => replace(strong), noteOn(problem, strong !== undefined))];
    },
  };

  function noteOn(problem: string, isRevoked: boolean): string {
    const fate = isRevoked ? ", and is revoked" : ", and stays so until it is deleted in Windmill";
    return `${problem}${problem === TOO_MUCH ? fate : ""}; the new one is in ${secrets.where}`;
  }

  /** A deployment that was killed after it had kept a token has not started the ingress with it. */
  async function runningItem(wanted: string): Promise<Item[]> {
    if ((await ingress.hasToken(wanted)) !== false) return [];
    return [different("webhook-server", () => ingress.restart(), "ran with another token")];
  }

  /** The strong one goes first: after a kill in between, the next deployment finds that the ingress has none. */
  async function replace(strong: WindmillToken | undefined): Promise<void> {
    if (strong) await session.api.deleteToken(strong.token_prefix);
    await make();
  }

  async function make(): Promise<void> {
    const { api } = session;
    const workspace_id = api.workspace;
    const made = await api.createToken({ label: "ingress", scopes: SCOPES, workspace_id });
    secrets.keep(NAME, made);
    await ingress.restart();
  }
}

/** Found only where it belongs to whoever deploys; the token that deploys is left alone. */
async function ownToken(
  session: WindmillSession,
  token: string,
): Promise<WindmillToken | undefined> {
  if (token === session.token) return undefined;
  const listed = await session.api.listTokens();
  return listed.find(({ token_prefix: prefix }) => token.startsWith(prefix));
}

/**
 * Asks with the token itself, which works for whichever admin made it. Windmill looks at scopes
 * before it looks for the flow: windmill-api/src/jobs.rs, check_scopes in run_flow_by_path.
 */
async function problemOf(api: WindmillApi): Promise<string | undefined> {
  const [identity, run] = [
    await statusOf(() => api.whoAmIInWorkspace()),
    await statusOf(() => api.startJob("f", NO_FLOW, {})),
  ];
  if (identity === 401 || run === 401) return "Windmill does not know it any more";
  if (identity !== 403) return TOO_MUCH;
  if (run === 403) return "it may not start the flows of f/chat";
  return undefined;
}

/** undefined: it was not refused. */
async function statusOf(ask: () => Promise<unknown>): Promise<number | undefined> {
  try {
    await ask();
    return undefined;
  } catch (cause) {
    if (cause instanceof WindmillRefusedError) return cause.status;
    throw cause;
  }
}
