import { z } from "zod";
import type { Check } from "../check.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { reasonOf } from "../reason.ts";

/** recover_turns starts within a minute what waits; docs/operating.md wakes somebody at three. */
const LATE_SECONDS = 60;
const LOST_SECONDS = 180;

const readiness = z.object({
  database: z.string(),
  windmill: z.string(),
  waiting_events: z.number().nullable(),
  oldest_waiting_event_seconds: z.number().nullable(),
});

/** The webhook server answers, has its database and Windmill, and its inbox is being emptied. */
export const ingress: Check = {
  name: "ingress",
  async run({ http }, { ingress: { localUrl } }) {
    const alive = await http(`${localUrl}/healthz`).catch(reasonOf);
    if (typeof alive === "string" || alive.status !== 200) {
      const answer = typeof alive === "string" ? alive : `status ${alive.status}`;
      return [
        failed(
          `no webhook server at ${localUrl}: ${answer}`,
          "docker compose up -d webhook-server and read its log; if it stands elsewhere, set INGRESS_URL.",
        ),
      ];
    }
    const ready = readiness.safeParse(parseJson((await http(`${localUrl}/readyz`)).text));
    if (ready.success) return judge(ready.data);
    return [
      failed(
        `what answers at ${localUrl} is not our webhook server`,
        "Set INGRESS_URL, or free its port and docker compose up -d webhook-server.",
      ),
    ];
  },
};

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // somebody's page, which no schema accepts
    return undefined;
  }
}

function judge(ready: z.infer<typeof readiness>): Verdict[] {
  const problems: Verdict[] = [];
  if (ready.database !== "ok") {
    problems.push(
      failed(
        "the webhook server has no database, so Meta gets 5xx",
        "Look whether postgres runs, and whether CHATBOT_INGRESS_PASSWORD is the password of the role chatbot_ingress.",
      ),
    );
  }
  if (ready.windmill !== "ok") {
    problems.push(
      failed(
        "the webhook server does not reach Windmill, so nobody is answered",
        "docker compose up -d windmill-server; what came in meanwhile is answered then.",
      ),
    );
  }
  const seconds = Math.round(ready.oldest_waiting_event_seconds ?? 0);
  if (seconds > LATE_SECONDS) {
    const judgement = seconds > LOST_SECONDS ? failed : warning;
    problems.push(
      judgement(
        `${ready.waiting_events} messages wait, the oldest for ${seconds} s`,
        "Look whether workers are alive and the schedule f/operations/recover_turns is on; run it by hand and read its error.",
      ),
    );
  }
  if (problems.length > 0) return problems;
  return [ok(`answers, with its database and Windmill; ${ready.waiting_events} messages wait`)];
}
