import type { Settings } from "../settings.ts";
import type { Clients } from "./clients.ts";
import type { Verdict } from "./finding.ts";

/** One thing that is looked at. It may throw: the doctor makes a finding of that. */
export interface Check {
  readonly name: string;
  /** Checks without which this one can find nothing; where one of them fails, this one is not run. */
  readonly needs?: readonly Check[];
  run(clients: Clients, settings: Settings): Promise<Verdict[]>;
}
