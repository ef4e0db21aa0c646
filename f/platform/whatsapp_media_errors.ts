/** The file will not be there later either. */
export class MediaLostError extends Error {
  override readonly name = "MediaLostError";
  /** why, as the end of the sentence "The file was not stored: …" */
  readonly reason: string;

  constructor(reason: string, options?: ErrorOptions) {
    super(`The file was not stored: ${reason}. Trying again would not help.`, options);
    this.reason = reason;
  }
}

/** The file may be there later: Meta keeps it for 7 days. */
export class MediaUnavailableError extends Error {
  override readonly name = "MediaUnavailableError";

  constructor(what: string, options?: ErrorOptions) {
    super(`WhatsApp did not give the file: ${what}. recover_turns tries again.`, options);
  }
}
