import { expect, it } from "vitest";
import { severityOf } from "../../../f/operations/failure_severity.ts";

it.each([
  ["CredentialError", "critical"],
  ["NumberStoppedError", "critical"],
  ["MessageRefusedError", "error"],
  ["MessageOutcomeUnknownError", "warning"],
  ["WindmillUnavailableError", "info"],
  ["SomethingNobodyThoughtOf", "error"],
])("%s is %s", (name, severity) => {
  expect(severityOf(name)).toBe(severity);
});
