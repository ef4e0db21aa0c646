import * as wmill from "windmill-client";
import {
  authorize,
  type Operator,
  operatorOfJob,
  recordAction,
} from "../platform/operator_action.ts";
import { type Database, type Postgresql, withDb, withTenant } from "../platform/postgres.ts";
import { readPublicHttpPolicy } from "../platform/public_http_policy.ts";
import { organizationOfChatbot } from "./chatbot_tenant.ts";
import { DocumentError, UploadInvalidError, UploadLimitError } from "./document_errors.ts";
import { startProcessing, type UploadResult, uploadDocument } from "./upload_document.ts";
import { parseUpload, type UploadRequest } from "./upload_request.ts";
import { workspaceStorage } from "./uploaded_object.ts";
import { findPages, type PagesFrom } from "./website/find_pages.ts";
import type { FoundPage, RefusedPage } from "./website/found_pages.ts";
import { nameOf } from "./website/page_address.ts";
import { type SiteReader, siteReader } from "./website/site_reader.ts";

const ACTION = "upload_document";

/** Takes the pages of a web site into a chatbot's knowledge, each as a source of its own. */
export async function main(
  chatbot_id: string,
  url: string,
  db: Postgresql,
  pages_from: "sitemap_or_links" | "sitemap" | "links" = "sitemap_or_links",
  max_pages = 50,
  user_id?: string,
): Promise<WebsiteResult> {
  const policy = await readPublicHttpPolicy();
  return withDb(db, (database) =>
    uploadWebsite({ chatbot_id, url, pages_from, max_pages }, operatorOfJob(user_id), {
      database,
      reader: siteReader(policy),
      uploadPage: (request) =>
        uploadDocument(
          request,
          // a page has no file
          { database, storage: workspaceStorage, saveFile: async () => undefined, startProcessing },
          null,
        ),
      showProgress: (percent) => wmill.setProgress(percent),
    }),
  );
}

export interface WebsiteRequest {
  chatbot_id: string;
  url: string;
  pages_from: PagesFrom;
  max_pages: number;
}

export interface WebsiteClients {
  database: Database;
  reader: SiteReader;
  /** Throws DocumentError. */
  uploadPage(request: UploadRequest): Promise<UploadResult>;
  /** percent */
  showProgress(percent: number): Promise<void>;
}

export interface TakenPage {
  readonly url: string;
  readonly name: string;
  readonly knowledge_source_id: string;
  /** false: it was there already */
  readonly is_new: boolean;
}

export interface WebsiteResult {
  readonly taken: readonly TakenPage[];
  /** the first hundred */
  readonly refused: readonly RefusedPage[];
  readonly refused_count: number;
  /** pages that were found beyond max_pages */
  readonly left_over_count: number;
}

const MOST_PAGES = 500;
const SHOWN_REFUSALS = 100;
/** percent: finding the pages, and then each of them */
const FOUND_PERCENT = 50;

/** @throws DocumentError, PublicHttpError for a site that cannot be read at all, NotPermittedError */
export async function uploadWebsite(
  request: WebsiteRequest,
  operator: Operator,
  clients: WebsiteClients,
): Promise<WebsiteResult> {
  const { chatbotId, url } = siteOf(request);
  const wanted = pagesWanted(request);
  const organizationId = await organizationOfChatbot(clients.database, chatbotId);
  await withTenant(clients.database, organizationId, async (tenant) => {
    await authorize(tenant, operator, ACTION);
    const chatbot = { table: "chatbots", id: chatbotId };
    await recordAction(tenant, operator, ACTION, chatbot, { of: "website", max_pages: wanted });
  });
  const search = {
    url,
    pagesFrom: request.pages_from,
    maxPages: wanted,
    onProgress: (found: number) =>
      clients.showProgress(Math.min(FOUND_PERCENT, Math.floor((found / wanted) * FOUND_PERCENT))),
  };
  const found = await findPages(search, clients.reader);
  const { taken, refused } = await takePages(chatbotId, found.taken, clients);
  const allRefused = [...refused, ...found.refused];
  await clients.showProgress(100);
  return {
    taken,
    refused: allRefused.slice(0, SHOWN_REFUSALS),
    refused_count: allRefused.length,
    left_over_count: found.leftOver,
  };
}

/** The address is checked as that of one page is. */
function siteOf({ chatbot_id, url }: WebsiteRequest): { chatbotId: string; url: string } {
  const upload = parseUpload({ chatbot_id, source_type: "url", name: "site", url });
  if (upload.sourceType !== "url") throw new TypeError("a url was parsed as a file");
  return upload;
}

function pagesWanted({ max_pages }: WebsiteRequest): number {
  if (Number.isInteger(max_pages) && max_pages >= 1 && max_pages <= MOST_PAGES) return max_pages;
  const problem = `Choose a number of pages from 1 to ${MOST_PAGES}.`;
  throw new UploadInvalidError([{ field: "max_pages", problem }]);
}

async function takePages(
  chatbotId: string,
  pages: readonly FoundPage[],
  clients: WebsiteClients,
): Promise<{ taken: TakenPage[]; refused: RefusedPage[] }> {
  const taken: TakenPage[] = [];
  const refused: RefusedPage[] = [];
  let limit: UploadLimitError | undefined;
  for (const [index, page] of pages.entries()) {
    const name = page.title?.slice(0, 200) ?? nameOf(page.url);
    try {
      // what one page was refused for, the others would be, too
      if (limit) throw limit;
      const source = await clients.uploadPage(pageRequest(chatbotId, name, page.url));
      const is_new = source.job_id !== undefined;
      taken.push({ url: page.url, name, knowledge_source_id: source.knowledge_source_id, is_new });
    } catch (error) {
      if (!(error instanceof DocumentError)) throw error;
      if (error instanceof UploadLimitError) limit = error;
      refused.push({ url: page.url, reason: error.message });
    }
    const share = (index + 1) / pages.length;
    await clients.showProgress(Math.floor(FOUND_PERCENT + share * (100 - FOUND_PERCENT)));
  }
  return { taken, refused };
}

/** As JSON strings: a title in quotation marks would be read as one otherwise. */
function pageRequest(chatbotId: string, name: string, url: string): UploadRequest {
  return { chatbot_id: chatbotId, source_type: "url", name: JSON.stringify(name), url };
}
