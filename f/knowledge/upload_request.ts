import { z } from "zod";
import { FileTooLargeError, UploadInvalidError, WrongFileTypeError } from "./document_errors.ts";
import { fileTypeOf } from "./file_type.ts";

export const MAX_FILE_BYTES = 10 * 1024 * 1024;

/** What a tenant uploads, checked. */
export type Upload = { chatbotId: string; name: string } & (
  | { sourceType: "pdf" | "text"; bytes: Buffer }
  | { sourceType: "url"; url: string }
);

/**
 * Windmill replaces an argument that begins with $var: or $res: by the secret of that name before main runs.
 * So a program passes a tenant's words as a JSON string, which begins with a quotation mark; a person at the
 * form types them as they are.
 */
const wordsFromOutside = z.string().transform((text) => {
  if (!/^".*"$/s.test(text)) return text;
  const unquoted = z.string().safeParse(jsonOr(text));
  return unquoted.success ? unquoted.data : text;
});

const request = z.object({
  chatbot_id: z.uuid("The chatbot's id is not an id."),
  source_type: z.enum(["pdf", "text", "url"], "Choose a PDF, a text or a web page."),
  name: wordsFromOutside
    .transform((name) => name.replace(/\p{Cc}/gu, " ").trim())
    .pipe(
      z
        .string()
        .min(1, "Give the source a name.")
        .max(200, "The name is longer than 200 characters."),
    ),
  file_content: z.string().nullish(),
  url: wordsFromOutside.nullish(),
});

export type UploadRequest = z.input<typeof request>;

const webAddress = z
  .url({ protocol: /^https?$/, error: "Give the page's whole address, from https:// on." })
  .max(2_000, "The address is longer than 2,000 characters.");

/** @throws DocumentError */
export function parseUpload(input: UploadRequest): Upload {
  const { chatbot_id, source_type, name, file_content, url } = parse(request, input);
  const common = { chatbotId: chatbot_id, name };
  if (source_type === "url") {
    return { ...common, sourceType: "url", url: normalized(parse(webAddress, url ?? "")) };
  }
  const bytes = decodeFile(file_content ?? "");
  const found = fileTypeOf(bytes);
  // HTML that is uploaded as text is read as the text that it is
  if (found === null || (found === "pdf") !== (source_type === "pdf")) {
    throw new WrongFileTypeError(source_type, found);
  }
  return { ...common, sourceType: source_type, bytes };
}

function decodeFile(base64: string): Buffer {
  // before decoding: four characters hold three bytes
  if (base64.length > Math.ceil(MAX_FILE_BYTES / 3) * 4)
    throw new FileTooLargeError(MAX_FILE_BYTES);
  if (base64 === "") {
    throw new UploadInvalidError([
      { field: "file_content", problem: "Choose a file that is not empty." },
    ]);
  }
  const bytes = Buffer.from(
    parse(z.base64("The file did not arrive whole. Choose it again."), base64),
    "base64",
  );
  if (bytes.length > MAX_FILE_BYTES) throw new FileTooLargeError(MAX_FILE_BYTES);
  return bytes;
}

/** The part after # is the browser's: with it or without, it is one page. */
function normalized(address: string): string {
  const url = new URL(address);
  url.hash = "";
  return url.href;
}

/** Quotation marks need not be JSON's: «"Aurora" and "Borealis"» is a name. */
function jsonOr(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  throw new UploadInvalidError(
    result.error.issues.map(({ path, message }) => ({ field: path.join("."), problem: message })),
  );
}
