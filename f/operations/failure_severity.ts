import type { Alert } from "../platform/alert_record.ts";

/** By the error's name, since that is what Windmill hands to a failure module. What is not named here is an error. */
const SEVERITIES: Readonly<Record<string, Alert["severity"]>> = {
  // nobody is answered until the operator has done something
  AccessTokenMissingError: "critical",
  CredentialError: "critical",
  DatabaseUnavailableError: "critical",
  KeySetError: "critical",
  NumberStoppedError: "critical",
  UnknownProviderError: "critical",
  // the reply may well have arrived, or is sent later
  MessageDelayedError: "warning",
  MessageOutcomeUnknownError: "warning",
  SendingTooFastError: "warning",
  // a template is missing, and this contact alone is not answered
  WindowClosedError: "warning",
  // nothing is lost: the turn goes on by itself
  WindmillUnavailableError: "info",
};

export function severityOf(errorName: string): Alert["severity"] {
  return SEVERITIES[errorName] ?? "error";
}
