import { different, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import type { ScriptPush } from "../wmill.ts";

const NAME = "scripts, flows and schedules";
/** More names than these help nobody. */
const MOST_NAMED = 5;

/** What is under f/ and dependencies/ is deployed. */
export function scripts(session: WindmillSession, wmill: ScriptPush): Unit {
  return {
    name: "scripts",
    async compare() {
      const { url, workspace } = session.api;
      const target = { url, workspace, token: session.token };
      const pending = await wmill.pending(target);
      if (pending.length === 0) return [same(NAME)];
      return [different(NAME, () => wmill.push(target), namesOf(pending))];
    },
  };
}

function namesOf(files: readonly string[]): string {
  const named = files.slice(0, MOST_NAMED).join(", ");
  const rest = files.length - MOST_NAMED;
  return rest > 0 ? `${named} and ${rest} more files` : named;
}
