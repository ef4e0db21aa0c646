import { uploadKnowledge } from "./knowledge_upload.ts";
import { fileTypeOfUpload } from "./phone/file_type_of_upload.ts";
import type { PhoneOptions } from "./phone/start_phone.ts";
import type { Conversation, FlowRun, KnowledgeSource, PhoneChatbot } from "./phone/types.ts";
import type { Queryable } from "./query.ts";
import type { Stack } from "./stack.ts";

const CONTACTS = [
  { waId: "15550100200", name: "Maya" },
  { waId: "4915550100300", name: "Jonas" },
  // no phone number: since 2026 people with a username need not show one
  { userId: "US.13491208655302741918", name: "ada.rides" },
];

/** What the two sources answer that `npm run dev` teaches. */
const EXAMPLE_QUESTIONS = [
  "How long does the warranty on the frame last?",
  "What does delivery to the islands cost?",
  "When is the first inspection due?",
];

/** Wires the phone page to the running platform. */
export function phoneOptions(stack: Stack, port: number): PhoneOptions {
  const { shop, whatsapp, windmill } = stack;
  return {
    port,
    whatsapp,
    chatbots: [
      {
        chatbotId: shop.chatbotId,
        phoneNumberId: shop.phoneNumber.phoneNumberId,
        displayName: shop.name,
      },
    ],
    contacts: CONTACTS,
    windmillUrl: windmill.baseUrl,
    uploadDocument: async (chatbotId, file, onProgress) => {
      await uploadKnowledge(
        stack,
        {
          chatbotId,
          name: file.name,
          sourceType: fileTypeOfUpload(file.name, file.content),
          content: file.content,
        },
        ({ status, percent }) => onProgress({ status, percent }),
      );
    },
    exampleQuestions: EXAMPLE_QUESTIONS,
    sourcesOf: (chatbot) => knowledgeSources(stack.admin, chatbot),
    runsOf: (conversation) => flowRuns(stack.admin, conversation),
  };
}

/** What a chatbot knows or is learning, the newest first. */
export async function knowledgeSources(
  admin: Queryable,
  { chatbotId }: PhoneChatbot,
): Promise<KnowledgeSource[]> {
  const rows = await admin.query<{
    name: string;
    status: string;
    progress: number;
    error_message: string | null;
  }>(
    `select name, status, progress, error_message from knowledge_sources
     where chatbot_id = $1 order by created_at desc, id`,
    [chatbotId],
  );
  return rows.map(({ name, status, progress, error_message }) => {
    const state = SOURCE_STATE[status] ?? "running";
    return {
      name,
      state,
      status: error_message ?? status,
      percent: state === "running" ? progress : undefined,
    };
  });
}

const SOURCE_STATE: Record<string, KnowledgeSource["state"]> = {
  ready: "done",
  failed: "failed",
};

/** The latest runs of a conversation, the newest first, each with what the contact opened it with. */
export async function flowRuns(
  admin: Queryable,
  { chatbot, contact }: Conversation,
): Promise<FlowRun[]> {
  const rows = await admin.query<{
    job_id: string;
    started_at: Date;
    status: string;
    opening: string;
  }>(
    // a photo or a voice message without words is named by its kind
    `select t.flow_job_id as job_id, t.created_at as started_at, t.status,
       coalesce((
         select coalesce(nullif(m.body, ''), m.kind) from messages m
         where m.turn_id = t.id and m.author = 'contact' order by m.sent_at, m.id limit 1
       ), '') as opening
     from turns t join contacts c on c.id = t.contact_id
     where t.chatbot_id = $1 and (c.bsuid = $2 or c.phone = $3) and t.flow_job_id is not null
     order by t.created_at desc limit 20`,
    [chatbot.chatbotId, contact.userId ?? null, contact.waId ?? null],
  );
  return rows.map((row) => ({
    jobId: row.job_id,
    startedAt: row.started_at.getTime(),
    opening: row.opening,
    status: RUN_STATUS[row.status] ?? "running",
  }));
}

const RUN_STATUS: Record<string, FlowRun["status"]> = {
  completed: "success",
  failed: "failure",
};
