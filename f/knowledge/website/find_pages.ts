import type { PublicResponse } from "../../platform/public_http.ts";
import { HttpStatusError, PublicHttpError } from "../../platform/public_http_errors.ts";
import { decodeText } from "../decode_text.ts";
import { UnsupportedTypeError } from "../document_errors.ts";
import { failureSentence } from "../failure_sentence.ts";
import { FoundPages } from "./found_pages.ts";
import { pageAddress } from "./page_address.ts";
import { readLinks } from "./page_links.ts";
import { NO_ROBOTS, type Robots, readRobots } from "./robots.ts";
import type { SiteReader } from "./site_reader.ts";
import { MAX_SITEMAP_BYTES, readSitemap, type Sitemap } from "./sitemap.ts";

/** Where the pages of a site are looked for. */
export type PagesFrom = "sitemap_or_links" | "sitemap" | "links";

export interface Search {
  /** a page of the site, or its sitemap */
  readonly url: string;
  readonly pagesFrom: PagesFrom;
  readonly maxPages: number;
  /** pages that have been found so far */
  onProgress(found: number): Promise<void>;
}

/** An index may lead to indexes that lead back: each is read once, and no more than these. */
const MAX_SITEMAPS = 20;
const MAX_PAGE_BYTES = 5 * 1024 * 1024;
const MAX_ROBOTS_BYTES = 512 * 1024;
/** Requests for one page that is wanted: most links lead to what is not. */
const REQUESTS_A_PAGE = 3;

const SITEMAP_TYPES = "application/xml, text/xml, application/gzip;q=0.9, text/plain;q=0.8";
const PAGE_TYPES = "text/html, application/xhtml+xml, application/pdf;q=0.9, text/plain;q=0.8";
const TAKEN_TYPES = /^(text\/(html|plain|markdown)|application\/(xhtml\+xml|pdf))$/;

/**
 * The pages of a site: those of its sitemaps, or those that links lead to, nearest first. What cannot be read is
 * refused with a sentence and ends nothing.
 */
export async function findPages(search: Search, reader: SiteReader): Promise<FoundPages> {
  const robots = await robotsOf(search.url, reader);
  const pages = new FoundPages(search.url, robots, search.maxPages);
  if (search.pagesFrom !== "links") await followSitemaps(search, robots, pages, reader);
  const isFound = pages.taken.length > 0 || search.pagesFrom === "sitemap";
  if (!isFound) await followLinks(search, pages, reader);
  return pages;
}

/** RFC 9309: none is a permission, and an answer of 5xx or none at all is a refusal. */
async function robotsOf(site: string, reader: SiteReader): Promise<Robots> {
  const url = new URL("/robots.txt", site).href;
  try {
    const { body } = await reader.get(url, "text/plain", MAX_ROBOTS_BYTES);
    return readRobots(decodeText(body) ?? "");
  } catch (error) {
    if (error instanceof HttpStatusError && error.status < 500) return NO_ROBOTS;
    throw error;
  }
}

async function followSitemaps(
  search: Search,
  robots: Robots,
  pages: FoundPages,
  reader: SiteReader,
): Promise<void> {
  const asked = /\.(xml|xml\.gz)$/i.test(new URL(search.url).pathname) ? search.url : undefined;
  const queue = asked ? [asked] : [...robots.sitemaps, new URL("/sitemap.xml", search.url).href];
  const read = new Set<string>();
  for (const address of queue) {
    if (reader.isSpent() || read.size >= MAX_SITEMAPS) return;
    if (read.has(address) || !isOfSite(address, search.url)) continue;
    read.add(address);
    const { kind, locations } = await sitemapAt(address, pages, reader, address === asked);
    if (kind === "index") queue.push(...locations.slice(0, MAX_SITEMAPS));
    for (const location of kind === "pages" ? locations : []) {
      const url = pages.accept(location);
      if (url !== undefined) pages.take({ url, title: undefined });
    }
    await search.onProgress(pages.taken.length);
  }
}

function isOfSite(address: string, site: string): boolean {
  return URL.canParse(address) && new URL(address).host === new URL(site).host;
}

const NO_SITEMAP: Sitemap = { kind: "none", locations: [] };

async function sitemapAt(
  address: string,
  pages: FoundPages,
  reader: SiteReader,
  isAskedFor: boolean,
): Promise<Sitemap> {
  try {
    const { body } = await reader.get(address, SITEMAP_TYPES, MAX_SITEMAP_BYTES);
    const sitemap = readSitemap(body);
    if (sitemap.kind === "none" && isAskedFor) pages.refuse(address, "It is no sitemap.");
    return sitemap;
  } catch (error) {
    if (!(error instanceof PublicHttpError)) throw error;
    // that there is none where one is looked for is nothing to tell
    if (isAskedFor || !(error instanceof HttpStatusError)) {
      pages.refuse(address, failureSentence(error));
    }
    return NO_SITEMAP;
  }
}

/** Breadth first. A page is asked for once, and taken under the address that it wants to be known by. */
async function followLinks(search: Search, pages: FoundPages, reader: SiteReader): Promise<void> {
  const start = pages.accept(search.url);
  const queue = start === undefined ? [] : [start];
  const known = new Set<string>();
  for (const [asked, url] of queue.entries()) {
    if (pages.isFull) pages.leftOver = queue.length - asked;
    if (pages.isFull || reader.isSpent() || asked >= search.maxPages * REQUESTS_A_PAGE) return;
    const page = await pageAt(url, pages, reader);
    if (page === undefined || known.has(page.url)) continue;
    known.add(page.url);
    pages.take({ url: page.url, title: page.title });
    for (const link of page.links) {
      const next = pages.accept(link);
      if (next !== undefined) queue.push(next);
    }
    await search.onProgress(pages.taken.length);
  }
}

interface ReadPage {
  readonly url: string;
  readonly title: string | undefined;
  readonly links: readonly string[];
}

/** Why what a page's address led to is not taken, as a sentence; undefined when there is no reason. */
function refusalOfAnswer(answer: PublicResponse, url: string): string | undefined {
  if (!TAKEN_TYPES.test(answer.contentType)) {
    return new UnsupportedTypeError(answer.contentType || "unknown").message;
  }
  return isOfSite(answer.url, url) ? undefined : "It leads to another web site.";
}

async function pageAt(
  url: string,
  pages: FoundPages,
  reader: SiteReader,
): Promise<ReadPage | undefined> {
  try {
    const answer = await reader.get(url, PAGE_TYPES, MAX_PAGE_BYTES);
    const reached = pageAddress(answer.url) ?? url;
    const refusal = refusalOfAnswer(answer, url) ?? pages.refusalOf(reached);
    if (refusal !== undefined) {
      pages.refuse(url, refusal);
      return undefined;
    }
    if (!/html$/.test(answer.contentType)) return { url: reached, title: undefined, links: [] };
    const { title, canonical, links } = readLinks(decodeText(answer.body) ?? "", answer.url);
    const wanted = pageAddress(canonical ?? "") ?? reached;
    const isTaken = pages.refusalOf(wanted) === undefined;
    return { url: isTaken ? wanted : reached, title: title || undefined, links };
  } catch (error) {
    if (!(error instanceof PublicHttpError)) throw error;
    pages.refuse(url, failureSentence(error));
    return undefined;
  }
}
