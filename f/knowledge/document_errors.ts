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
    super(`The file is not ${TYPE_NAMES[expected] ?? expected}${insteadOf(found)}`);
    this.expected = expected;
    this.found = found;
  }
}

function insteadOf(found: string | null): string {
  if (found === null) {
    return ". What can be read: PDF, Word (.docx), text, Markdown, web pages (.html) and tables (.csv).";
  }
  const name = TYPE_NAMES[found] ?? found;
  return found === "ole" ? `, but ${name}.` : `, but ${name}. Upload it as that.`;
}

const TYPE_NAMES: Record<string, string> = {
  pdf: "a PDF",
  docx: "a Word document (.docx)",
  text: "plain text",
  markdown: "Markdown",
  html: "a web page",
  csv: "a table (.csv)",
  ole: "an Office document that is old or has a password: save it anew, as .docx and without one",
};

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

  constructor(what: string, options?: ErrorOptions) {
    super(`${what} is protected by a password. Save it without one and upload it again.`, options);
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
    super("There is no text in this document.");
  }
}

/** Its pages are pictures. */
export class ScannedDocumentError extends DocumentError {
  override readonly name = "ScannedDocumentError";

  constructor() {
    super(
      "There is no text in this PDF: its pages are pictures, as a scanner makes them. Run text recognition (OCR) on it and upload it again.",
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

/** Reading it was ended, because it would not end by itself or took all memory. */
export class DocumentTooHeavyError extends DocumentError {
  override readonly name = "DocumentTooHeavyError";
  readonly limit: "time" | "memory";

  constructor(limit: "time" | "memory") {
    super(DOCUMENT_TOO_HEAVY);
    this.limit = limit;
  }
}

export const DOCUMENT_TOO_HEAVY =
  "The document took too long or too much memory to process. Split it, or upload it in another format.";

/** An object in the storage that is not this tenant's. The sentence does not say whether it is there. */
export class ObjectNotAllowedError extends DocumentError {
  override readonly name = "ObjectNotAllowedError";
  readonly key: string;

  constructor(key: string) {
    super(
      "This file is not one of yours. Choose it with the form, or put it under uploads/<your organization's id>/.",
    );
    this.key = key;
  }
}

const LIMIT_SENTENCES = {
  sources: (limit: number) =>
    `Your organization may have ${limit} documents and has them. Delete one that is no longer needed.`,
  storage: (limit: number) =>
    `There is no room for the file: all your documents together may have ${Math.round(limit / 1024 / 1024)} MB. Delete some that are no longer needed.`,
  day: (limit: number) =>
    `Your organization may upload ${limit} documents a day and has done so today. Go on tomorrow.`,
};

export class UploadLimitError extends DocumentError {
  override readonly name = "UploadLimitError";
  readonly limit: keyof typeof LIMIT_SENTENCES;

  constructor(limit: keyof typeof LIMIT_SENTENCES, value: number) {
    super(LIMIT_SENTENCES[limit](value));
    this.limit = limit;
  }
}

/** What the extraction process said about a document: another DocumentError's sentence. */
export class DocumentRefusedError extends DocumentError {
  override readonly name = "DocumentRefusedError";
}
