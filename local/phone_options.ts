import { uploadKnowledge } from "./knowledge_upload.ts";
import type { PhoneOptions } from "./phone/start_phone.ts";
import type { Conversation, FlowRun, UploadedFile } from "./phone/types.ts";
import type { Stack } from "./stack.ts";

const CONTACTS = [
  { waId: "15550100200", name: "Maya" },
  { waId: "4915550100300", name: "Jonas" },
  // no phone number: since 2026 people with a username need not show one
  { userId: "US.13491208655302741918", name: "ada.rides" },
];

const PDF_MAGIC = "%PDF-";

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
        { chatbotId, name: file.name, sourceType: sourceTypeOf(file), content: file.content },
        ({ status, percent }) => onProgress({ status, percent }),
      );
    },
    runsOf: (conversation) => flowRuns(stack, conversation),
  };
}

/** The upload script checks the bytes itself; this only fills in its form. */
function sourceTypeOf(file: UploadedFile): "pdf" | "text" {
  const start = Buffer.from(file.content.subarray(0, PDF_MAGIC.length)).toString("latin1");
  return start === PDF_MAGIC ? "pdf" : "text";
}

async function flowRuns({ admin }: Stack, { chatbot, contact }: Conversation): Promise<FlowRun[]> {
  const rows = await admin.query<{ job_id: string; started_at: Date; status: string }>(
    `select t.flow_job_id as job_id, t.created_at as started_at, t.status
     from turns t join contacts c on c.id = t.contact_id
     where t.chatbot_id = $1 and (c.bsuid = $2 or c.phone = $3) and t.flow_job_id is not null
     order by t.created_at desc limit 20`,
    [chatbot.chatbotId, contact.userId ?? null, contact.waId ?? null],
  );
  return rows.map((row) => ({
    jobId: row.job_id,
    startedAt: row.started_at.getTime(),
    status: RUN_STATUS[row.status] ?? "running",
  }));
}

const RUN_STATUS: Record<string, FlowRun["status"]> = {
  completed: "success",
  failed: "failure",
};
