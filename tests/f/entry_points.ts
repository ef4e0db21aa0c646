import { summarizeConversation } from "../../f/chat/summarize_conversation.ts";
import { deleteDocument } from "../../f/knowledge/delete_document.ts";
import { listDocuments } from "../../f/knowledge/list_documents.ts";
import { processDocument } from "../../f/knowledge/process_document.ts";
import { searchPassages } from "../../f/knowledge/search_passages.ts";
import { uploadDocument } from "../../f/knowledge/upload_document.ts";
import { uploadWebsite } from "../../f/knowledge/upload_website.ts";
import { acknowledgeAlert } from "../../f/operations/acknowledge_alert.ts";
import { alertOnFailure } from "../../f/operations/alert_on_failure.ts";
import { approveTools } from "../../f/operations/approve_tools.ts";
import { blockContact } from "../../f/operations/block_contact.ts";
import { eraseContact } from "../../f/operations/erase_contact.ts";
import { exportContact } from "../../f/operations/export_contact.ts";
import { giveBackConversation } from "../../f/operations/give_back_conversation.ts";
import { setCredentials } from "../../f/operations/set_credentials.ts";
import { storeMedia } from "../../f/operations/store_media.ts";
import { takeOverConversation } from "../../f/operations/take_over_conversation.ts";
import { unblockContact } from "../../f/operations/unblock_contact.ts";
import type { Embeddings } from "../../f/platform/embeddings.ts";
import { withTenant } from "../../f/platform/postgres.ts";
import { HostNotFoundError } from "../../f/platform/public_http_errors.ts";
import { FLOW_JOB, listening, type World } from "./entry_point_world.ts";
import { JobArchive } from "./operations/job_archive.ts";
import { KEYS } from "./operations/keys.ts";
import { OPERATOR } from "./operations/operators.ts";

/**
 * Each script with an id among its parameters, run with the first id of one organization and every other id of
 * `other`. What it shows to the outside is returned or pushed to first.outside.
 */
export const ENTRY_POINTS: Readonly<
  Record<string, (first: World, other: World) => Promise<unknown>>
> = {
  "f/chat/load_context": ({ shop, waitingEvent }) => shop.load(waitingEvent),
  "f/chat/generate_reply": ({ shop, asking }, other) =>
    shop.generate(
      shop === other.shop
        ? asking
        : {
            ...asking,
            turn_id: other.asking.turn_id,
            fence: other.asking.fence,
            chatbot: { ...asking.chatbot, id: other.asking.chatbot.id },
            contact: other.asking.contact,
          },
    ),
  "f/chat/send_reply": ({ shop, answered }) => shop.send(answered),
  "f/chat/save_history": ({ shop, answered }) => shop.save(answered),
  "f/chat/log_usage": ({ shop, answered }) => shop.log(answered),
  "f/chat/finish_turn": ({ shop, answered }) => shop.finish(answered),
  "f/chat/summarize_conversation": ({ shop, outside, word, answered }) =>
    shop.as((database) =>
      summarizeConversation(database, listening(outside, word), answered.turn_id),
    ),
  "f/knowledge/search": ({ shop }) =>
    shop.as((database) =>
      searchPassages(database, EMBEDDINGS, {
        organizationId: shop.organization.id,
        chatbotId: shop.chatbot.id,
        question: "anything",
      }),
    ),
  "f/knowledge/list_documents": ({ shop }) =>
    shop.as((database) =>
      withTenant(database, shop.organization.id, (tenant) =>
        listDocuments(tenant, {
          chatbotId: shop.chatbot.id,
          status: "any",
          page: 1,
          pageSize: 10,
        }),
      ),
    ),
  "f/knowledge/delete_document": ({ shop, source }, { owner }) =>
    shop.as((database) => deleteDocument(database, async () => undefined, source.id, by(owner.id))),
  "f/knowledge/upload_website": takeWebsite,
  "f/knowledge/process_document": ({ shop, source, outside, word }) =>
    shop.as((database) =>
      processDocument(source.id, {
        database,
        readEmbeddings: async () => EMBEDDINGS,
        extract: async () => {
          throw new Error(`not reached for ${word}`);
        },
        files: {
          load: async (key) => void outside.push(key),
          readHttpPolicy: async () => ({ allowedPrivateOrigins: [], ownNetworks: [] }),
          pageTimeoutMs: 60_000,
        },
        showProgress: async () => undefined,
      }),
    ),
  "f/knowledge/upload_document": upload,
  "f/operations/acknowledge_alert": ({ shop }, { alert, owner }) =>
    shop.as((database) => acknowledgeAlert(database, shop.organization.id, alert.id, by(owner.id))),
  "f/operations/alert_on_failure": ({ shop, failedEvent }) =>
    shop.as((database) =>
      alertOnFailure(
        database,
        {
          postToSlack: async (text) => void shop.slackTexts.push(text),
          startFlow: shop.startFlow,
          openWhatsApp: async () => () => shop.whatsApp,
        },
        {
          stepId: "generate_reply",
          error: { name: "Error", message: "it broke" },
          webhookEventId: failedEvent,
          flowJobId: FLOW_JOB,
        },
      ),
    ),
  "f/operations/approve_tools": ({ shop, integration }, { owner }) =>
    shop.as((database) => approveTools(database, integration.id, null, by(owner.id))),
  "f/operations/block_contact": ({ shop }, { idle, owner }) =>
    shop.as((database) =>
      blockContact(
        database,
        shop.chatbot.id,
        { kind: "contact", contactId: idle.id },
        by(owner.id),
      ),
    ),
  "f/operations/unblock_contact": async ({ shop }, { idle, owner }) => {
    await shop.db.query("update contacts set is_blocked = true where chatbot_id = $1", [
      shop.chatbot.id,
    ]);
    return shop.as((database) =>
      unblockContact(
        database,
        shop.chatbot.id,
        { kind: "contact", contactId: idle.id },
        by(owner.id),
      ),
    );
  },
  "f/operations/erase_contact": ({ shop, idle }, { owner }) =>
    shop.as((database) =>
      eraseContact(
        database,
        { jobs: new JobArchive().records, removeFile: async () => undefined },
        idle.id,
        by(owner.id),
      ),
    ),
  "f/operations/export_contact": ({ shop, idle, outside }, { owner }) =>
    shop.as((database) =>
      exportContact(database, async (_key, json) => void outside.push(json), idle.id, by(owner.id)),
    ),
  "f/operations/take_over_conversation": ({ shop, idle }, { owner }) =>
    shop.as((database) =>
      takeOverConversation(database, async () => () => shop.whatsApp, idle.id, by(owner.id)),
    ),
  "f/operations/give_back_conversation": ({ shop, manual }, { owner }) =>
    shop.as((database) => giveBackConversation(database, shop.startFlow, manual.id, by(owner.id))),
  "f/operations/set_credentials": ({ shop, integration }, { owner }) =>
    shop.as((database) =>
      setCredentials(
        database,
        KEYS,
        by(owner.id),
        { table: "org_integrations", id: integration.id },
        "a-secret",
      ),
    ),
  "f/operations/store_media": ({ shop, media }) =>
    shop.as((database) =>
      storeMedia(
        database,
        {
          download: async () => ({
            bytes: new Uint8Array([1]),
            mimeType: "image/png",
            sha256: "0".repeat(64),
          }),
          save: async () => undefined,
        },
        media.id,
      ),
    ),
};

const by = (userId: string) => ({ ...OPERATOR, userId });

const EMBEDDINGS: Embeddings = {
  model: "text-embedding-3-small",
  embed: async (texts) => ({
    vectors: texts.map(() => [1, ...new Array<number>(1_535).fill(0)]),
    tokens: 1,
  }),
};

/** A site that is away: whether it was asked at all is what shows, and why the script then fails. */
function takeWebsite({ shop, outside, word }: World, { owner }: World): Promise<unknown> {
  const get = async () => {
    outside.push(word);
    throw new HostNotFoundError("https://shop.example.com/");
  };
  return shop
    .as((database) =>
      uploadWebsite(
        {
          chatbot_id: shop.chatbot.id,
          url: "https://shop.example.com/",
          pages_from: "links",
          max_pages: 1,
        },
        by(owner.id),
        {
          database,
          reader: { isSpent: () => false, get },
          uploadPage: async () => {
            throw new Error("no page was found");
          },
          showProgress: async () => undefined,
        },
      ),
    )
    .catch(String);
}

/** The other id is that of a file in object storage: what another organization uploaded is not read. */
function upload({ shop, outside }: World, other: World): Promise<unknown> {
  const text = `a document of ${other.word}`;
  return shop.as((database) =>
    uploadDocument(
      {
        chatbot_id: shop.chatbot.id,
        source_type: "text",
        name: "A document",
        file: { s3: other.source.s3_key ?? "" },
      },
      {
        database,
        storage: {
          sizeOf: async () => text.length,
          load: async () => Buffer.from(text),
        },
        saveFile: async (_key, bytes) => void outside.push(Buffer.from(bytes).toString()),
        startProcessing: async () => "018f0000-0000-7000-8000-000000000001",
      },
      OPERATOR,
    ),
  );
}
