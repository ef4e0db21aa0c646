import fc from "fast-check";

const FLOW_STEPS = [
  "flow claims",
  "flow generates",
  "flow begins to send",
  "WhatsApp accepts",
  "flow finishes",
] as const;
const PEOPLES_STEPS = [
  "contact writes",
  "person takes over",
  "person writes",
  "person gives back",
] as const;
export type Step = (typeof FLOW_STEPS)[number] | (typeof PEOPLES_STEPS)[number];

/** Of a flow's five steps only one or two are possible at a time, so they come up more often. */
export const interleavings = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom<Step>(...FLOW_STEPS) },
    { weight: 1, arbitrary: fc.constantFrom<Step>(...PEOPLES_STEPS) },
  ),
  { minLength: 10, maxLength: 40, size: "max" },
);

interface ModelMessage {
  event: "received" | "processing" | "completed" | "failed";
  /** the last that took it */
  turn: ModelTurn | undefined;
  isKept: boolean;
  /** the person's words that had been said before it */
  readonly after: number;
}

interface ModelTurn {
  readonly messages: readonly ModelMessage[];
  status: "generating" | "replying" | "completed" | "failed";
  delivery: "none" | "sending" | "unknown" | "accepted" | "withheld";
}

/**
 * A conversation in memory: what each step's transaction commits. takeover_model.test.ts holds it to the
 * steps on a database, so that what is shown of it holds for them.
 */
export class TakeoverModel {
  mode: "auto" | "manual" = "auto";
  unread = 0;
  notices = 0;
  words = 0;
  repliesBegun = 0;
  readonly messages: ModelMessage[] = [];
  readonly turns: ModelTurn[] = [];

  get live(): ModelTurn | undefined {
    return this.turns.find(({ status }) => status === "generating" || status === "replying");
  }

  get sending(): ModelTurn | undefined {
    return this.turns.find(({ delivery }) => delivery === "sending" || delivery === "unknown");
  }

  get waiting(): ModelMessage[] {
    return this.messages.filter(({ event }) => event === "received");
  }

  /** Whether the step would be taken now; a flow does not finish before it has tried to send. */
  isPossible(step: Step): boolean {
    switch (step) {
      case "flow claims":
        return this.waiting.length > 0;
      case "flow generates":
        return this.live?.status === "generating";
      case "flow begins to send":
        return this.live?.status === "replying" && this.live.delivery === "none" && !this.sending;
      case "WhatsApp accepts":
        return this.sending !== undefined;
      case "flow finishes":
        return this.live?.status === "replying" && this.live.delivery !== "none";
      default:
        return true;
    }
  }

  /** Does nothing when the step is not possible. */
  take(step: Step): void {
    if (this.isPossible(step)) this.#transactions[step]();
  }

  /** What a flow would do next. */
  nextStepOfFlow(): Step | undefined {
    const order: Step[] = [
      "WhatsApp accepts",
      "flow finishes",
      "flow begins to send",
      "flow generates",
      "flow claims",
    ];
    return order.find((step) => this.isPossible(step));
  }

  /** What a database shows of a conversation. */
  seen() {
    return {
      mode: this.mode,
      unread: this.unread,
      events: this.messages.map(({ event }) => event),
      turns: this.turns.map(({ status }) => status),
      notices: this.notices,
      words: this.words,
      repliesBegun: this.repliesBegun,
    };
  }

  /** How often each message was answered, and whether the person wrote after it. */
  answers() {
    return this.messages.map((message) => ({
      byChatbot: this.turns.filter(
        (turn) => turn.delivery === "accepted" && turn.messages.includes(message),
      ).length,
      byPerson: message.after < this.words,
    }));
  }

  #transactions: Record<Step, () => void> = {
    "contact writes": () => {
      this.messages.push({ event: "received", turn: undefined, isKept: false, after: this.words });
    },
    "flow claims": () => this.#claim(),
    "flow generates": () => {
      if (this.live) this.live.status = "replying";
    },
    "flow begins to send": () => {
      if (!this.live) return;
      this.live.delivery = this.mode === "auto" ? "sending" : "withheld";
      if (this.live.delivery === "sending") this.repliesBegun += 1;
    },
    "WhatsApp accepts": () => {
      if (this.sending) this.sending.delivery = "accepted";
    },
    "flow finishes": () => this.#finish(),
    "person takes over": () => {
      if (this.mode === "manual") return;
      this.mode = "manual";
      this.notices += 1;
    },
    "person writes": () => {
      this.words += 1;
      this.mode = "manual";
      this.unread = 0;
    },
    "person gives back": () => this.#giveBack(),
  };

  #claim(): void {
    if (this.live) return;
    const messages = this.waiting;
    const isManual = this.mode === "manual";
    const turn: ModelTurn = { messages, status: "generating", delivery: "none" };
    if (isManual) this.unread += messages.length;
    else this.turns.push(turn);
    for (const message of messages) {
      message.isKept = true;
      message.event = isManual ? "completed" : "processing";
      message.turn = isManual ? undefined : turn;
    }
  }

  #finish(): void {
    const turn = this.live;
    if (!turn) return;
    // left until WhatsApp's answer is known
    if (turn.delivery === "sending" && this.mode === "auto") return;
    const isWithheld = turn.delivery === "withheld";
    if (turn.delivery === "sending") turn.delivery = "unknown";
    turn.status = isWithheld ? "failed" : "completed";
    for (const message of turn.messages) {
      if (!isWithheld) message.event = "completed";
      else message.event = this.mode === "auto" ? "received" : "failed";
    }
  }

  #giveBack(): void {
    if (this.mode === "auto") return;
    this.mode = "auto";
    this.unread = 0;
    const lastAnswered = this.messages.findLastIndex(
      ({ isKept, turn }) => isKept && turn && !["none", "withheld"].includes(turn.delivery),
    );
    this.messages.forEach((message, at) => {
      const hasEnded = message.event === "completed" || message.event === "failed";
      if (hasEnded && at > lastAnswered && message.after === this.words) message.event = "received";
    });
  }
}
