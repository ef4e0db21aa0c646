import type { Check } from "../check.ts";
import { failed, ok, type Verdict } from "../finding.ts";
import { enabledSchedules, FLOW, scriptsOfFlow } from "../repository.ts";
import { windmill } from "./windmill.ts";

/** The flow, the scripts that it and the schedules run, and the schedules are in Windmill. `npm run deploy -- --check` compares their text. */
export const deployed: Check = {
  name: "flow and schedules",
  needs: [windmill],
  async run({ windmill: api }) {
    const schedules = enabledSchedules();
    const scripts = [
      ...new Set([...scriptsOfFlow(), ...schedules.map((schedule) => schedule.script)]),
    ];
    const isMissing = await Promise.all([
      api.flowExists(FLOW).then((exists) => !exists),
      ...scripts.map(async (path) => !(await api.scriptExists(path))),
    ]);
    const missing = [FLOW, ...scripts].filter((_path, index) => isMissing[index]);
    const verdicts: Verdict[] = missing.map((path) =>
      failed(`${path} is not in Windmill`, "Run npm run deploy."),
    );
    for (const { path } of schedules) {
      const schedule = await api.schedule(path);
      if (schedule?.enabled) continue;
      verdicts.push(
        schedule === undefined
          ? failed(`the schedule ${path} is not in Windmill`, "Run npm run deploy.")
          : failed(
              `the schedule ${path} is off`,
              "Switch it on in Windmill, or run npm run deploy.",
            ),
      );
    }
    if (verdicts.length > 0) return verdicts;
    return [
      ok(`the flow, ${scripts.length} scripts and ${schedules.length} schedules are there and on`),
    ];
  },
};
