import {
  many,
  one,
  type Postgresql,
  type Tenant,
  withDb,
  withTenant,
} from "../platform/postgres.ts";
import { organizationOfChatbot } from "./chatbot_tenant.ts";

/** What a chatbot answers from, the newest first. */
export async function main(
  chatbot_id: string,
  db: Postgresql,
  status: "any" | "pending" | "processing" | "ready" | "failed" = "any",
  page = 1,
  page_size = 50,
): Promise<DocumentList> {
  return withDb(db, async (database) => {
    const organization = await organizationOfChatbot(database, chatbot_id);
    const query = { chatbotId: chatbot_id, status, page, pageSize: page_size };
    return withTenant(database, organization, (tenant) => listDocuments(tenant, query));
  });
}

export interface ListedDocument {
  readonly id: string;
  readonly name: string;
  readonly type: string;
  readonly url: string | null;
  readonly status: "pending" | "processing" | "ready" | "failed";
  /** percent of the work under way */
  readonly progress: number;
  /** of a PDF */
  readonly pages: number | null;
  readonly chunks: number;
  readonly bytes: number;
  /** for the tenant: why it failed, or why a web page could not be read again */
  readonly error: string | null;
  /** whether answers can come from it, be it from an earlier version */
  readonly is_searchable: boolean;
  /** since when a web page has been gone */
  readonly gone_since: Date | null;
  readonly updated_at: Date;
}

export interface DocumentList {
  readonly documents: readonly ListedDocument[];
  readonly page: number;
  readonly total_pages: number;
  readonly total_documents: number;
}

const MOST_A_PAGE = 200;

export async function listDocuments(
  tenant: Tenant,
  query: {
    chatbotId: string;
    status: "any" | ListedDocument["status"];
    page: number;
    pageSize: number;
  },
): Promise<DocumentList> {
  const size = Math.min(MOST_A_PAGE, Math.max(1, Math.trunc(query.pageSize)));
  const page = Math.max(1, Math.trunc(query.page));
  const { total } = await one<{ total: number }>(
    tenant,
    `select count(*) as total from knowledge_sources where chatbot_id = $1 and ($2 = 'any' or status = $2)`,
    [query.chatbotId, query.status],
  );
  const documents = await many<ListedDocument>(
    tenant,
    `select id, name, source_type as type, url, status, progress, page_count as pages, chunk_count as chunks,
       byte_size as bytes, coalesce(error_message, check_problem) as error, live_version > 0 as is_searchable,
       gone_at as gone_since, updated_at
     from knowledge_sources where chatbot_id = $1 and ($2 = 'any' or status = $2)
     order by created_at desc, id limit $3 offset $4`,
    [query.chatbotId, query.status, size, (page - 1) * size],
  );
  return { documents, page, total_pages: Math.ceil(total / size), total_documents: total };
}
