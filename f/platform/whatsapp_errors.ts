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

/** The token itself is refused: no call with it will do better. */
export function isTokenRefused({ code }: GraphRefusal): boolean {
  return code === 0 || code === 190;
}

/** Meta: more than 24 hours since the contact last wrote; only a template may be sent. */
export function isWindowClosed({ code }: GraphRefusal): boolean {
  return code === 131047;
}

/** Meta may ask for any pause; beyond an hour somebody has to look at it. */
const LONGEST_PAUSE_SECONDS = 3_600;

/**
 * Who has to pause after a throttle, and for how long: what WhatsApp asked for in Retry-After, or else what Meta
 * advises for the code. Undefined for what is no throttle: the next try may come at any time.
 */
export function pauseAfter(
  refusal: GraphRefusal,
  attempts: number,
): { readonly limit: "pair" | "number"; readonly seconds: number } | undefined {
  const { code, retryAfterSeconds } = refusal;
  const pause = (limit: "pair" | "number", advised: number) => ({
    limit,
    seconds: Math.min(retryAfterSeconds ?? advised, LONGEST_PAUSE_SECONDS),
  });
  switch (code) {
    case 131056:
      // Meta: 4^X seconds, X = 0, 1, 2, …
      return pause("pair", 4 ** (attempts - 1));
    case 130429:
      return pause("number", 1);
    case 131057:
      // Meta: an upgrade takes up to a minute
      return pause("number", 60);
    case 4:
    case 80007:
      // calls an hour: minutes
      return pause("number", 300);
    default:
      return retryAfterSeconds === undefined ? undefined : pause("number", retryAfterSeconds);
  }
}

/** What the Graph API said. */
export interface GraphRefusal {
  readonly status: number;
  readonly code: number;
  readonly title: string;
  readonly details: string;
  /** from the header Retry-After */
  readonly retryAfterSeconds?: number | undefined;
}

/** Outside WhatsApp's 24-hour window, and the chatbot has no template: the message was not sent. */
export class WindowClosedError extends Error {
  override readonly name = "WindowClosedError";
  readonly chatbotId: string;

  constructor(chatbotId: string) {
    super(
      `Not sent: the contact last wrote more than 24 hours ago, and then WhatsApp takes templates only. Answer by hand with a template, or give the chatbot ${chatbotId} an approved one (reply_template_name, reply_template_language).`,
    );
    this.chatbotId = chatbotId;
  }
}

/** Meta refused the message. It was surely not sent, and sending it again as it is would not help. */
export class MessageRefusedError extends Error {
  override readonly name: string = "MessageRefusedError";
  readonly kind: "permanent" | "tenant_stopped";
  readonly refusal: GraphRefusal;

  constructor(kind: "permanent" | "tenant_stopped", refusal: GraphRefusal) {
    const advice =
      kind === "tenant_stopped"
        ? "Repair the number's token, permissions or account at Meta; until then it sends nothing."
        : isWindowClosed(refusal)
          ? "Only a template may be sent: see the chatbot's reply_template_name."
          : "The same message would be refused again.";
    super(`WhatsApp refused the message with code ${refusal.code} (${told(refusal)}). ${advice}`);
    this.kind = kind;
    this.refusal = refusal;
  }
}

/** Meta refused it for the number's sake: nobody whom this number writes to is answered until somebody repairs it. */
export class NumberStoppedError extends MessageRefusedError {
  override readonly name = "NumberStoppedError";

  constructor(said: GraphRefusal) {
    super("tenant_stopped", said);
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
