import type { Check } from "../check.ts";
import type { Clients } from "../clients.ts";
import { ok, warning } from "../finding.ts";
import { database } from "./database.ts";
import { ingress } from "./ingress.ts";
import { windmill } from "./windmill.ts";

/** Leases, the 24-hour window and the age of messages compare times of these machines; a Date header has whole seconds. */
const TOLERATED_SECONDS = 5;

interface Clock {
  readonly of: string;
  /** Ahead of this machine; negative: behind. */
  readonly secondsAhead: number;
  /** By which that may be wrong: where an answer was long on its way, nobody knows when its time was read. */
  readonly doubtSeconds: number;
}

/** The machines agree on the time. */
export const clock: Check = {
  name: "clock",
  needs: [database, windmill, ingress],
  async run(clients, settings) {
    const clocks = await Promise.all([
      read("PostgreSQL", clients, () => timeOfDatabase(clients)),
      read("Windmill", clients, () =>
        timeOfServer(clients, `${settings.windmill.url}/api/version`),
      ),
      read("the webhook server", clients, () =>
        timeOfServer(clients, `${settings.ingress.localUrl}/healthz`),
      ),
    ]);
    const wrong = clocks.filter(
      ({ secondsAhead, doubtSeconds }) => Math.abs(secondsAhead) > TOLERATED_SECONDS + doubtSeconds,
    );
    if (wrong.length === 0) return [ok("PostgreSQL, Windmill and the webhook server agree")];
    const said = wrong.map(({ of, secondsAhead }) => {
      const seconds = Math.round(Math.abs(secondsAhead));
      return `${of} is ${seconds} s ${secondsAhead > 0 ? "ahead" : "behind"}`;
    });
    return [
      warning(
        `clocks differ from this machine's: ${said.join(", ")}`,
        wrong.length === clocks.length
          ? "All of them do, so it is this machine's: let NTP set it (timedatectl set-ntp true)."
          : "Let NTP set the clock of that machine (timedatectl set-ntp true): leases and WhatsApp's timestamps depend on it.",
      ),
    ];
  },
};

async function read(of: string, { now }: Clients, time: () => Promise<number>): Promise<Clock> {
  const before = now();
  const there = await time();
  // half of the way there and back; a header's second is on average half over
  const after = now();
  return {
    of,
    secondsAhead: (there - (before + after) / 2) / 1_000,
    doubtSeconds: (after - before) / 2_000,
  };
}

async function timeOfDatabase({ withDatabase }: Clients): Promise<number> {
  return withDatabase(async (db) => {
    const [row] = await db.query<{ milliseconds: number }>(
      "select extract(epoch from clock_timestamp())::float8 * 1000 as milliseconds",
    );
    return row?.milliseconds ?? Number.NaN;
  });
}

async function timeOfServer({ http }: Clients, url: string): Promise<number> {
  const { headers } = await http(url);
  return Date.parse(headers.get("date") ?? "");
}
