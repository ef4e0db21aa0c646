import { gunzipSync } from "node:zlib";
import { Parser } from "htmlparser2";
import { decodeText } from "../decode_text.ts";

/** sitemaps.org: a sitemap may have 50 MB; ours end earlier, and so does what they decompress to. */
export const MAX_SITEMAP_BYTES = 10 * 1024 * 1024;

/** sitemaps.org: as many in one file. */
const MAX_LOCATIONS = 50_000;

/** urlset > url > loc, and some extensions of it: what is deeper is no sitemap. */
const MAX_DEPTH = 20;

export interface Sitemap {
  /** index: its locations are sitemaps. none: this is no sitemap. */
  readonly kind: "pages" | "index" | "none";
  readonly locations: readonly string[];
}

const NONE: Sitemap = { kind: "none", locations: [] };

/**
 * What a sitemap lists: XML, gzipped or not, or plain text with an address a line. The parser knows no document
 * types, so that an entity of one's own stays the text that it is.
 */
export function readSitemap(body: Buffer): Sitemap {
  const bytes = unzipped(body);
  const text = bytes && decodeText(bytes);
  if (!text) return NONE;
  if (/^\s*https?:\/\//.test(text)) {
    const lines = text.split(/\r?\n/, MAX_LOCATIONS).map((line) => line.trim());
    return { kind: "pages", locations: lines.filter((line) => line !== "") };
  }
  return readXml(text);
}

/** Undefined for what is broken, or a bomb. */
function unzipped(body: Buffer): Buffer | undefined {
  const isGzip = body[0] === 0x1f && body[1] === 0x8b;
  if (!isGzip) return body;
  try {
    return gunzipSync(body, { maxOutputLength: MAX_SITEMAP_BYTES });
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}

class EnoughError extends Error {
  override readonly name = "EnoughError";
}

function readXml(text: string): Sitemap {
  const locations: string[] = [];
  const path: string[] = [];
  let location: string | undefined;
  let root: string | undefined;
  const parser = new Parser(
    {
      onopentag(name) {
        root ??= name;
        path.push(name);
        if (path.length > MAX_DEPTH || !(root in KINDS)) throw new EnoughError();
        if (path.length === 3 && name === "loc") location = "";
      },
      ontext(part) {
        if (location !== undefined && path.length === 3) location += part;
      },
      onclosetag() {
        if (location !== undefined && path.length === 3) {
          locations.push(location.trim());
          location = undefined;
          if (locations.length === MAX_LOCATIONS) throw new EnoughError();
        }
        path.pop();
      },
    },
    { xmlMode: true },
  );
  try {
    parser.end(text);
  } catch (error) {
    // its handlers have no other way to stop it
    if (!(error instanceof EnoughError)) throw error;
  }
  const kind = KINDS[root ?? ""];
  return kind ? { kind, locations } : NONE;
}

const KINDS: Record<string, "pages" | "index"> = { urlset: "pages", sitemapindex: "index" };
