import { maskSecrets } from "../../f/platform/mask.ts";
import type { Finding, State } from "./finding.ts";

const MARKS: Readonly<Record<State, string>> = {
  ok: "ok",
  warning: "!",
  failed: "✗",
  skipped: "-",
};

/** One line a finding, without what nobody may read over the operator's shoulder; `secrets` are the settings' own. */
export function findingLine(finding: Finding, secrets: readonly string[]): string {
  const { check, state, what, repair } = finding;
  const line = `${MARKS[state].padEnd(3)}${check.padEnd(20)}${what}${repair && ` → ${repair}`}`;
  const hidden = secrets.reduce((text, secret) => text.replaceAll(secret, "[secret]"), line);
  return maskSecrets(hidden).replaceAll(/\s*\n\s*/g, " ");
}

export interface Summary {
  readonly doctor: "ok" | "failed";
  readonly ok: number;
  readonly warnings: number;
  readonly failed: number;
  readonly skipped: number;
}

/** A check that warns works: only a failure makes the whole fail. */
export function summaryOf(findings: readonly Finding[]): Summary {
  const count = (wanted: State) => findings.filter(({ state }) => state === wanted).length;
  const failures = count("failed");
  return {
    doctor: failures === 0 ? "ok" : "failed",
    ok: count("ok"),
    warnings: count("warning"),
    failed: failures,
    skipped: count("skipped"),
  };
}
