/**
 * permanent: the same message is refused again. tenant_stopped: the number, its token or its account is not
 * usable until somebody repairs it. throttled, transient: nothing is wrong with the message.
 */
export type GraphErrorKind = "permanent" | "tenant_stopped" | "throttled" | "transient";

/** Meta's codes and what each means for us. A code that is not here is permanent: only the table allows a retry. */
const KINDS: readonly (readonly [GraphErrorKind, readonly number[]])[] = [
  // 0, 190: the token expired. 3, 10, 131005 and 200 to 299: it may not do this.
  ["tenant_stopped", [0, 190, 3, 10, 131005]],
  // policy block, locked account, country; spam limit by low quality; billing, certificate, name, not registered
  ["tenant_stopped", [368, 131031, 130497, 131048, 131042, 131045, 131037, 133010]],
  // 4, 80007: calls an hour. 130429: messages a second. 131056: messages to one person. 131057: being upgraded.
  ["throttled", [4, 80007, 130429, 131056, 131057]],
  ["transient", [1, 2, 131000, 131016, 133004]],
];

export function graphErrorKind(code: number): GraphErrorKind {
  if (code >= 200 && code <= 299) return "tenant_stopped";
  return KINDS.find(([, codes]) => codes.includes(code))?.[0] ?? "permanent";
}

/** What the Graph API said. */
export interface GraphRefusal {
  readonly status: number;
  readonly code: number;
  readonly title: string;
  readonly details: string;
}

/** Meta refused the message. It was surely not sent, and sending it again as it is would not help. */
export class MessageRefusedError extends Error {
  override readonly name = "MessageRefusedError";
  readonly kind: "permanent" | "tenant_stopped";
  readonly refusal: GraphRefusal;

  constructor(kind: "permanent" | "tenant_stopped", refusal: GraphRefusal) {
    const advice =
      kind === "tenant_stopped"
        ? "Repair the number's token, permissions or account at Meta; until then it sends nothing."
        : "The same message would be refused again.";
    super(`WhatsApp refused the message with code ${refusal.code} (${told(refusal)}). ${advice}`);
    this.kind = kind;
    this.refusal = refusal;
  }
}

/** The message was surely not sent, and may be sent later. */
export class MessageDelayedError extends Error {
  override readonly name = "MessageDelayedError";
  readonly kind: "throttled" | "transient";
  /** undefined when WhatsApp could not be reached at all */
  readonly refusal: GraphRefusal | undefined;

  constructor(
    kind: "throttled" | "transient",
    refusal: GraphRefusal | undefined,
    options?: ErrorOptions,
  ) {
    const what = refusal
      ? `put the message off with code ${refusal.code} (${told(refusal)})`
      : "could not be reached";
    super(`WhatsApp ${what}. It was not sent; send it again later.`, options);
    this.kind = kind;
    this.refusal = refusal;
  }
}

/**
 * Nobody knows whether WhatsApp has the message: it must not be sent again at once. The status webhook that carries
 * its delivery key settles it, or that none comes.
 */
export class MessageOutcomeUnknownError extends Error {
  override readonly name = "MessageOutcomeUnknownError";

  constructor(what: string, options?: ErrorOptions) {
    super(
      `It is unknown whether WhatsApp accepted the message: ${what}. Its status webhook settles it; if none comes, it is sent once more.`,
      options,
    );
  }
}

/** WhatsApp did not take the read receipt and the typing indicator. Nothing depends on them. */
export class TypingNotShownError extends Error {
  override readonly name = "TypingNotShownError";

  constructor(what: string, options?: ErrorOptions) {
    super(`WhatsApp did not show the typing indicator: ${what}.`, options);
  }
}

function told({ title, details }: GraphRefusal): string {
  return details === "" ? title : `${title}: ${details}`;
}
