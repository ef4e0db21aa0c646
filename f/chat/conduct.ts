import { type Heard, machinePoints, type SaidBefore } from "./machine_like.ts";

/** How a contact has behaved, and what its chatbot allows. */
export interface Conduct {
  readonly now: Date;
  readonly silencedUntil: Date | null;
  /** as of silencedUntil */
  readonly penalties: number;
  readonly loopPoints: number;
  /** that cost an answer; the notice does not */
  readonly turnsLastMinute: number;
  readonly turnsLastHour: number;
  /** null: no limit */
  readonly turnsPerMinute: number | null;
  readonly turnsPerHour: number | null;
  readonly before: SaidBefore;
}

export type Verdict =
  | { readonly kind: "answer"; readonly loopPoints: number }
  | { readonly kind: "silent"; readonly until: Date }
  | {
      readonly kind: "penalty";
      readonly reason: "too_many" | "loop";
      readonly until: Date;
      /** with this one */
      readonly penalties: number;
    };

/**
 * Two machines that answer each other at once get three answers: the first message proves nothing, and each of the
 * next three gives two points. When both are ours, that is six turns in all. Who repeats the same text slowly, or a
 * word or two, or has a new sentence each time faster than one can speak, gets six. One message of another kind ends
 * the row.
 */
export const LOOP_POINTS = 6;
/** The first silence; each further one is twice as long. */
export const FIRST_SILENCE_MS = 60_000;
export const LONGEST_SILENCE_MS = 24 * 3_600_000;
/** One penalty is forgiven for each hour after the silence that passed without another. */
export const FORGIVEN_AFTER_MS = 3_600_000;

/** Decides whether what the contact says now is answered. */
export function judge(conduct: Conduct, heard: readonly Heard[]): Verdict {
  const { now, silencedUntil } = conduct;
  if (silencedUntil && now < silencedUntil) return { kind: "silent", until: silencedUntil };
  const points = machinePoints(heard, conduct.before);
  const loopPoints = points === 0 ? 0 : conduct.loopPoints + points;
  if (loopPoints >= LOOP_POINTS) return penalty(conduct, "loop");
  if (
    conduct.turnsLastMinute >= (conduct.turnsPerMinute ?? Number.POSITIVE_INFINITY) ||
    conduct.turnsLastHour >= (conduct.turnsPerHour ?? Number.POSITIVE_INFINITY)
  ) {
    return penalty(conduct, "too_many");
  }
  return { kind: "answer", loopPoints };
}

function penalty(conduct: Conduct, reason: "too_many" | "loop"): Verdict {
  const served = notForgiven(conduct);
  const silence = Math.min(FIRST_SILENCE_MS * 2 ** served, LONGEST_SILENCE_MS);
  const until = new Date(conduct.now.getTime() + silence);
  return { kind: "penalty", reason, until, penalties: served + 1 };
}

function notForgiven({ now, silencedUntil, penalties }: Conduct): number {
  if (!silencedUntil) return 0;
  const forgiven = Math.floor((now.getTime() - silencedUntil.getTime()) / FORGIVEN_AFTER_MS);
  return Math.max(0, penalties - forgiven);
}
