import { createHash } from "node:crypto";
import * as z from "zod/v4";
import { limitedFetch, ResponseTooLargeError } from "./limited_response.ts";
import { GRAPH_API_VERSION, type WhatsAppNumber } from "./whatsapp.ts";
import { MediaLostError, MediaUnavailableError } from "./whatsapp_media_errors.ts";

export interface MediaFile {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** as WhatsApp names it, such as "audio/ogg; codecs=opus" */
  readonly mimeType: string;
  /** of the bytes, in hexadecimal */
  readonly sha256: string;
}

const MEGABYTE = 1_024 * 1_024;

/**
 * Bytes of a file, by its message's kind: Meta's own limits, but for documents (100 MB), of which three copies stand
 * in a worker's memory on their way.
 */
const MAX_BYTES: ReadonlyMap<string, number> = new Map([
  ["image", 5 * MEGABYTE],
  ["audio", 16 * MEGABYTE],
  ["voice", 16 * MEGABYTE],
  ["video", 16 * MEGABYTE],
  ["document", 32 * MEGABYTE],
  ["sticker", MEGABYTE],
]);
const MAX_ADDRESS_BYTES = 64 * 1_024;
const ADDRESS_TIMEOUT_MS = 15_000;
const DOWNLOAD_TIMEOUT_MS = 90_000;

/** Where Meta serves files: lookaside.fbsbx.com, and its content network. The token goes nowhere else. */
const META_DOMAINS = ["fbsbx.com", "fbcdn.net", "whatsapp.net", "facebook.com"];

const address = z.object({
  url: z.url(),
  mime_type: z.string().max(200).default("application/octet-stream"),
  sha256: z.string().default(""),
  // Meta sends it as a number and as a string
  file_size: z.coerce.number().optional().catch(undefined),
});

/**
 * Downloads a file in Meta's two steps: its id gives an address that is valid for 5 minutes, and the address the
 * bytes, both for the number's token. Throws MediaLostError (it will never be there) or MediaUnavailableError
 * (it may be later).
 */
export async function downloadMedia(
  number: WhatsAppNumber,
  media: { readonly id: string; readonly kind: string },
): Promise<MediaFile> {
  const maxBytes = MAX_BYTES.get(media.kind) ?? MEGABYTE;
  const id = encodeURIComponent(media.id);
  const found = await get(number, `${number.baseUrl}/${GRAPH_API_VERSION}/${id}`, {
    maxBytes: MAX_ADDRESS_BYTES,
    timeoutMs: ADDRESS_TIMEOUT_MS,
  });
  const { url, mime_type, sha256, file_size } = parseAddress(await found.text());
  if (!isMetas(url, number.baseUrl)) {
    throw new MediaLostError(`its address is not one of Meta's (${new URL(url).host})`);
  }
  if (file_size !== undefined && file_size > maxBytes) throw tooLarge(maxBytes);
  const response = await get(number, url, { maxBytes, timeoutMs: DOWNLOAD_TIMEOUT_MS });
  const bytes = new Uint8Array(await response.arrayBuffer());
  return { bytes, mimeType: mime_type, sha256: checkedHash(bytes, sha256) };
}

/** Over https, by name; the configured API's own origin, which is a stand-in's, may serve it, too. */
function isMetas(url: string, baseUrl: string): boolean {
  const { origin, protocol, hostname, port } = new URL(url);
  if (origin === new URL(baseUrl).origin) return true;
  const isKnown = META_DOMAINS.some((name) => hostname === name || hostname.endsWith(`.${name}`));
  return protocol === "https:" && port === "" && isKnown;
}

async function get(
  { accessToken }: WhatsAppNumber,
  url: string,
  { maxBytes, timeoutMs }: { maxBytes: number; timeoutMs: number },
): Promise<Response> {
  const response = await limitedFetch(maxBytes)(url, {
    headers: { authorization: `Bearer ${accessToken}` },
    keepalive: false,
    signal: AbortSignal.timeout(timeoutMs),
  }).catch((cause: unknown) => {
    if (cause instanceof ResponseTooLargeError) throw tooLarge(maxBytes, { cause });
    throw new MediaUnavailableError("it could not be reached", { cause });
  });
  if (response.ok) return response;
  const { status } = response;
  // 401 and 403: the token; 404: an address that expired on the way; 429 and 5xx pass by themselves
  if (status !== 400) throw new MediaUnavailableError(`it answered ${status}`);
  throw await refusalOf(response);
}

const UNKNOWN_OBJECT = 100;
const refused = z.object({ error: z.object({ code: z.number() }) });

/** Graph refuses nearly everything by 400: only its code tells what will stay so. */
async function refusalOf(response: Response): Promise<MediaLostError | MediaUnavailableError> {
  const said = refused.safeParse(parseJson(await response.text()));
  return said.success && said.data.error.code === UNKNOWN_OBJECT
    ? new MediaLostError("WhatsApp no longer has it")
    : new MediaUnavailableError(`it refused with code ${said.data?.error.code ?? "unknown"}`);
}

function parseAddress(text: string): z.infer<typeof address> {
  const parsed = address.safeParse(parseJson(text));
  if (!parsed.success)
    throw new MediaUnavailableError("it named no address", { cause: parsed.error });
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // a proxy's page: no schema accepts it
    return undefined;
  }
}

/** Graph names the hash in hexadecimal, webhooks in base64. */
function checkedHash(bytes: Uint8Array, expected: string): string {
  const digest = createHash("sha256").update(bytes).digest();
  const hex = digest.toString("hex");
  if (expected === "" || [hex, digest.toString("base64")].includes(expected)) return hex;
  // what was cut off on the way is whole the next time
  throw new MediaUnavailableError("the bytes are not those that it announced");
}

function tooLarge(maxBytes: number, options?: ErrorOptions): MediaLostError {
  return new MediaLostError(`it is larger than ${Math.floor(maxBytes / MEGABYTE)} MB`, options);
}
