/** What only this turn's prompt holds, beside what was said. All of it is data: none of it is ours. */
export interface TurnData {
  /** in the organization's time zone: "2026-11-21, Saturday, 14:05" */
  readonly today: string;
  /** what the contact told in earlier turns, by name */
  readonly variables: Readonly<Record<string, string>>;
  /** of what was said before the history begins; "" when nothing was */
  readonly summary: string;
  /** the mark between which the turn's data stands */
  readonly fence: string;
  /** of the webhook that brought the turn's first message: for the log, not for the model */
  readonly traceparent: string | null;
}
