import type { Alert } from "../platform/alerts.ts";
import type { ChatbotNumber } from "../platform/whatsapp_numbers.ts";

/** The turn that a flow run owns: every later write names its fence. */
export interface ClaimedTurn {
  readonly outcome: "reply";
  readonly turnId: string;
  readonly fence: number;
}

/**
 * queued: the event waits for the live turn to end. duplicate: it was or is being dealt with.
 * inactive, blocked: nothing is kept. manual, stale, nothing_to_answer, silenced, quota_exceeded: the messages are
 * kept and not answered.
 */
export type UnansweredOutcome =
  | "queued"
  | "duplicate"
  | "inactive"
  | "blocked"
  | "manual"
  | "stale"
  | "nothing_to_answer"
  | "silenced"
  | "quota_exceeded";

export type Claim =
  | ClaimedTurn
  | {
      readonly outcome: UnansweredOutcome;
      readonly reason: string;
      /** Slack is to be told when the claim is committed */
      readonly alert?: Alert;
    };

/** What a chatbot's settings say about whether and how a message is let in. */
export type AnsweringChatbot = ChatbotNumber & {
  readonly is_answering: boolean;
  /** its block list names who writes */
  readonly is_sender_blocked: boolean;
  readonly answer_age_limit_seconds: number;
  readonly limit_message: string;
  readonly slow_down_message: string;
  /** the reply to what cannot be read; empty: none */
  readonly media_message: string;
  readonly keeps_media: boolean;
  /** first day of the billing period in the organization's time zone, "YYYY-MM-DD" */
  readonly period: string;
};
