/** A document that cannot become knowledge. The message is shown to the tenant as it is. */
export abstract class DocumentError extends Error {}

/** What was uploaded is not what the form asks for. */
export class UploadInvalidError extends DocumentError {
  override readonly name = "UploadInvalidError";
  readonly fields: readonly string[];

  constructor(problems: readonly { field: string; problem: string }[]) {
    super(problems.map(({ problem }) => problem).join(" "));
    this.fields = problems.map(({ field }) => field);
  }
}

export class ChatbotNotFoundError extends DocumentError {
  override readonly name = "ChatbotNotFoundError";
  readonly chatbotId: string;

  constructor(chatbotId: string) {
    super(`There is no chatbot ${chatbotId}.`);
    this.chatbotId = chatbotId;
  }
}

export class FileTooLargeError extends DocumentError {
  override readonly name = "FileTooLargeError";
  readonly maxBytes: number;

  constructor(maxBytes: number) {
    super(
      `The file is larger than ${maxBytes / 1024 / 1024} MB. Split it, or leave out its images.`,
    );
    this.maxBytes = maxBytes;
  }
}

/** The bytes are of another type than the one that was chosen. */
export class WrongFileTypeError extends DocumentError {
  override readonly name = "WrongFileTypeError";
  readonly expected: string;
  readonly found: string | null;

  constructor(expected: string, found: string | null) {
    super(
      `The file is not ${TYPE_NAMES[expected] ?? expected}${found ? `, but ${TYPE_NAMES[found] ?? found}` : ""}.`,
    );
    this.expected = expected;
    this.found = found;
  }
}

const TYPE_NAMES: Record<string, string> = { pdf: "a PDF", text: "plain text", html: "a web page" };

/** A web page's content is of a type that we cannot read. */
export class UnsupportedTypeError extends DocumentError {
  override readonly name = "UnsupportedTypeError";
  readonly contentType: string;

  constructor(contentType: string) {
    super(`The address does not lead to a web page, a PDF or a text, but to "${contentType}".`);
    this.contentType = contentType;
  }
}

export class DocumentProtectedError extends DocumentError {
  override readonly name = "DocumentProtectedError";

  constructor(options?: ErrorOptions) {
    super("The PDF is protected by a password. Save it without one and upload it again.", options);
  }
}

export class DocumentDamagedError extends DocumentError {
  override readonly name = "DocumentDamagedError";

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is damaged and cannot be read. Save it anew and upload it again.`, options);
  }
}

export class NoTextError extends DocumentError {
  override readonly name = "NoTextError";

  constructor() {
    super(
      "There is no text in this document. If it was scanned, run text recognition on it first.",
    );
  }
}

/** More than a parser may safely be given. */
export class DocumentTooComplexError extends DocumentError {
  override readonly name = "DocumentTooComplexError";

  constructor(what: string) {
    super(`The document is too large or too complex: ${what}. Split it into smaller ones.`);
  }
}

export class FileMissingError extends DocumentError {
  override readonly name = "FileMissingError";
  readonly key: string;

  constructor(key: string) {
    super("The uploaded file is no longer there. Upload it again.");
    this.key = key;
  }
}
