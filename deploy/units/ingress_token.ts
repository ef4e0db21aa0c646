import type { SecretStore } from "../env_file.ts";
import { different, missing, same, type Unit } from "../unit.ts";
import { WindmillRefusedError } from "../windmill/errors.ts";
import type { WindmillSession } from "../windmill/session.ts";
import type { WindmillApi } from "../windmill/windmill_api.ts";

const NAME = "INGRESS_WINDMILL_TOKEN";
const SCOPES = ["jobs:run:flows:f/chat/*"];
/** In the folder of that scope, and of no flow: asking for it starts nothing. */
const NO_FLOW = "f/chat/no_such_flow";

/**
 * The ingress has a token of its own that may start the flows of f/chat and nothing else.
 * `replaced` is called with a new one, before which the ingress cannot start any flow.
 */
export function ingressToken(
  session: WindmillSession,
  token: string | undefined,
  secrets: SecretStore,
  replaced: (token: string) => Promise<void>,
): Unit {
  return {
    name: "ingress token",
    async compare() {
      if (token === undefined) return [missing(NAME, make, `kept in ${secrets.where}`)];
      const problem = await problemOf(session.anonymous.withToken(token));
      if (problem === undefined) return [same(NAME)];
      return [different(NAME, make, `${problem}; the new one is in ${secrets.where}`)];
    },
  };

  async function make(): Promise<void> {
    const { api } = session;
    const workspace_id = api.workspace;
    const made = await api.createToken({ label: "ingress", scopes: SCOPES, workspace_id });
    secrets.keep(NAME, made);
    await replaced(made);
  }
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
  if (identity !== 403) return "it may do more than start flows";
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
