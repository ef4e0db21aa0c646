export type State = "ok" | "warning" | "failed" | "skipped";

/** What a check found, in a sentence, and what mends it. Nothing to mend where all is well. */
export interface Verdict {
  readonly state: State;
  readonly what: string;
  readonly repair: string;
}

export interface Finding extends Verdict {
  /** The name of the check. */
  readonly check: string;
}

export const ok = (what: string): Verdict => ({ state: "ok", what, repair: "" });

/** Works, and will hurt. */
export const warning = (what: string, repair: string): Verdict => ({
  state: "warning",
  what,
  repair,
});

export const failed = (what: string, repair: string): Verdict => ({
  state: "failed",
  what,
  repair,
});

/** Not looked at, because a setting of .env is not given. */
export const skipped = (setting: string): Verdict => ({
  state: "skipped",
  what: `${setting} is not set`,
  repair: `Set ${setting} in .env to have it checked.`,
});

/** Not looked at, because what it takes has failed: the cause is counted, and this is not. */
export const blocked = (cause: string): Verdict => ({
  state: "skipped",
  what: `could not look, since ${cause} failed`,
  repair: "Mend that one first.",
});
