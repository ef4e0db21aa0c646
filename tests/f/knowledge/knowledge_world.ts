import { PDFDocument, StandardFonts } from "pdf-lib";
import { extractDocument } from "../../../f/knowledge/extract_document.ts";
import { type ProcessClients, processDocument } from "../../../f/knowledge/process_document.ts";
import { searchPassages } from "../../../f/knowledge/search_passages.ts";
import { type UploadClients, uploadDocument } from "../../../f/knowledge/upload_document.ts";
import type { UploadRequest } from "../../../f/knowledge/upload_request.ts";
import { openAiEmbeddings } from "../../../f/platform/embeddings.ts";
import { makeOpenAiClient } from "../../../f/platform/openai.ts";
import type { Operator } from "../../../f/platform/operator_action.ts";
import { type Database, withDb } from "../../../f/platform/postgres.ts";
import { type ModelsStandIn, startModels } from "../../../local/models/start_models.ts";
import { createTestDatabase, type TestDatabase } from "../../helpers/database.ts";
import type { ChatbotRow } from "../../helpers/rows.ts";

/** The knowledge scripts over a database, the local models and files in memory. */
export interface KnowledgeWorld {
  db: TestDatabase;
  models: ModelsStandIn;
  files: Map<string, Uint8Array>;
  /** ids of the sources for which a job was started, in order */
  started: string[];
  allowedPrivateOrigins: string[];
  upload(
    request: UploadRequest,
    clients?: Partial<UploadClients>,
    operator?: Operator | null,
  ): ReturnType<typeof uploadDocument>;
  process(sourceId: string, clients?: Partial<ProcessClients>): ReturnType<typeof processDocument>;
  /** What a chatbot finds: contents, best first. */
  find(chatbot: ChatbotRow, question: string): Promise<string[]>;
  as<Result>(work: (database: Database) => Promise<Result>): Promise<Result>;
  close(): Promise<void>;
}

const API_KEY = "sk-test";
/** Only what hangs meets it. */
const PAGE_TIMEOUT_MS = 60_000;

export async function startKnowledgeWorld(): Promise<KnowledgeWorld> {
  const db = await createTestDatabase();
  const models = await startModels({ port: 0, apiKey: API_KEY });
  const client = makeOpenAiClient({ apiKey: API_KEY, baseUrl: models.baseUrl, timeoutMs: 60_000 });
  const embeddings = openAiEmbeddings(client, "text-embedding-3-small", {
    attempts: 1,
    firstWaitMs: 0,
    longestWaitMs: 0,
  });
  const files = new Map<string, Uint8Array>();
  const started: string[] = [];
  const allowedPrivateOrigins: string[] = [];
  const as: KnowledgeWorld["as"] = (work) => withDb(db.resource("chatbot_app"), work);
  return {
    db,
    models,
    files,
    started,
    allowedPrivateOrigins,
    as,
    upload: (request, clients, operator = null) =>
      as((database) =>
        uploadDocument(
          request,
          {
            database,
            storage: {
              sizeOf: async (key) => files.get(key)?.length,
              load: async (key) => files.get(key),
            },
            saveFile: async (key, bytes) => void files.set(key, bytes),
            startProcessing: async (sourceId) => {
              started.push(sourceId);
              return "018f0000-0000-7000-8000-000000000001";
            },
            ...clients,
          },
          operator,
        ),
      ),
    process: (sourceId, clients) =>
      as((database) =>
        processDocument(sourceId, {
          database,
          readEmbeddings: async () => embeddings,
          extract: extractDocument,
          files: {
            load: async (key) => files.get(key),
            readHttpPolicy: async () => ({ allowedPrivateOrigins, ownNetworks: [] }),
            pageTimeoutMs: PAGE_TIMEOUT_MS,
          },
          showProgress: async () => undefined,
          ...clients,
        }),
      ),
    find: (chatbot, question) =>
      as(async (database) => {
        const query = { organizationId: chatbot.organization_id, chatbotId: chatbot.id, question };
        const { passages } = await searchPassages(database, embeddings, query);
        return passages.map(({ content }) => content);
      }),
    close: async () => {
      await models.stop();
      await db.close();
    },
  };
}

/** A PDF with these lines on each page. */
export async function makePdf(pages: string[][]): Promise<Buffer> {
  const document = await PDFDocument.create();
  const font = await document.embedFont(StandardFonts.Helvetica);
  for (const lines of pages) {
    const page = document.addPage([595, 842]);
    for (const [index, line] of lines.entries()) {
      page.drawText(line, { x: 40, y: 800 - index * 14, size: 10, font });
    }
  }
  return Buffer.from(await document.save());
}

export function base64(text: string | Uint8Array): string {
  return Buffer.from(text).toString("base64");
}
