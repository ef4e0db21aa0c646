import * as z from "zod/v4";
import { FileTooLargeError, UploadInvalidError } from "./document_errors.ts";
import { checkedType, FILE_TYPES, type FileType } from "./file_type.ts";

export const MAX_FILE_BYTES = 10 * 1024 * 1024;

const NOT_CHOSEN = "Choose a file that is not empty.";

/** What a tenant uploads, checked. */
export type Upload = { chatbotId: string; name: string } & (
  | { sourceType: FileType; bytes: Buffer }
  /** in the object storage, and not looked at yet */
  | { sourceType: FileType; s3Key: string }
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
  source_type: z.enum([...FILE_TYPES, "url"], "Choose a type of document."),
  name: wordsFromOutside
    .transform((name) => name.replace(/\p{Cc}/gu, " ").trim())
    .pipe(
      z
        .string()
        .min(1, "Give the source a name.")
        .max(200, "The name is longer than 200 characters."),
    ),
  file_content: z.string().nullish(),
  file: z
    .object({
      s3: z.string().min(1, NOT_CHOSEN),
      storage: z
        .string()
        .regex(/^(_default_)?$/, "Use the workspace's own storage.")
        .optional(),
    })
    .nullish(),
  url: wordsFromOutside.nullish(),
});

export type UploadRequest = z.input<typeof request>;

const webAddress = z
  .url({ protocol: /^https?$/, error: "Give the page's whole address, from https:// on." })
  .max(2_000, "The address is longer than 2,000 characters.");

/** @throws DocumentError */
export function parseUpload(input: UploadRequest): Upload {
  const { chatbot_id, source_type, name, file_content, file, url } = parse(request, input);
  const common = { chatbotId: chatbot_id, name };
  if (source_type === "url") {
    return { ...common, sourceType: "url", url: normalized(parse(webAddress, url ?? "")) };
  }
  if (file) return { ...common, sourceType: source_type, s3Key: file.s3 };
  const bytes = decodeFile(file_content ?? "");
  return { ...common, sourceType: checkedType(source_type, bytes), bytes };
}

function decodeFile(base64: string): Buffer {
  // before decoding: four characters hold three bytes
  if (base64.length > Math.ceil(MAX_FILE_BYTES / 3) * 4)
    throw new FileTooLargeError(MAX_FILE_BYTES);
  if (base64 === "") {
    throw new UploadInvalidError([{ field: "file_content", problem: NOT_CHOSEN }]);
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
