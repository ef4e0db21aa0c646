/** What of the instructions a reply may not repeat. */
export interface Instructions {
  /** the platform's own: nobody has a reason to be told them */
  readonly rules: string;
  /** the business's: they hold facts that are to be told, word for word if need be */
  readonly business: string;
}

/** UTF-8 bytes, so that a run means as much in Chinese, of three bytes a character, as in English. */
const RUN = 48;
/** A quoted fact is a small part of the instructions; whoever dumps them dumps most of them. */
const BUSINESS_SHARE = 0.5;

/**
 * True when a reply repeats the instructions: a run of the rules (about ten words), or half of what the business wrote.
 * Case, markup, punctuation and invisible characters make no difference, and base64 is read as well. A translation or
 * a paraphrase is not found, so no secret belongs in a prompt.
 */
export function repeatsInstructions(reply: string, { rules, business }: Instructions): boolean {
  const runs = runsOf(`${letters(reply)} ${decoded(reply).map(letters).join(" ")}`);
  if (runs.size === 0) return false;
  if ([...runsOf(letters(rules))].some((run) => runs.has(run))) return true;
  const ofBusiness = [...runsOf(letters(business))];
  const repeated = ofBusiness.filter((run) => runs.has(run)).length;
  // a text has as many runs as bytes, less the last run's
  const bytes = (runs: number) => runs + RUN - 1;
  return repeated > 0 && bytes(repeated) >= bytes(ofBusiness.length) * BUSINESS_SHARE;
}

function runsOf(text: string): Set<string> {
  // latin1: one character for each byte
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  const runs = new Set<string>();
  for (let at = 0; at + RUN <= bytes.length; at++) runs.add(bytes.slice(at, at + RUN));
  return runs;
}

function letters(text: string): string {
  return text
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]/gu, "");
}

/** What stands in base64 in a text, in either alphabet. */
function decoded(text: string): string[] {
  const found = text.replace(/\s/g, "").match(/[\w+/-]{40,}={0,2}/g) ?? [];
  return found.map((base64) => Buffer.from(base64, "base64").toString("utf8"));
}

/** Keys of OpenAI, Meta, Google, GitHub and Slack, a Slack webhook, a token in its header, a password in an address. */
const CREDENTIALS =
  /\b(?:sk-|EAA|AIza|gh[pousr]_|xox[abprs]-)[\w-]{16,}|\bhooks\.slack\.com\/\S+|\bBearer\s+[\w.~+/-]{20,}|\b[a-z][a-z0-9+.-]*:\/\/[^\s:/@]+:[^\s@]+@/i;

/** True when something in a text has the shape of a credential, also with invisible characters or as base64. */
export function holdsCredential(text: string): boolean {
  const visible = text.replace(/\p{Cf}/gu, "");
  return [visible, ...decoded(visible)].some((said) => CREDENTIALS.test(said));
}
