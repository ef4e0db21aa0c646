import type { WhatsAppStandIn } from "../whatsapp/start_whatsapp.ts";
import type { ContactInput } from "../whatsapp/types.ts";
import type { EventStreams } from "./event_streams.ts";
import type { Select } from "./selection.ts";
import type { Conversation, FlowRun, KnowledgeSource, PhoneChatbot } from "./types.ts";
import type { UploadDocument, Uploads } from "./uploads.ts";

type PhoneWhatsApp = Pick<
  WhatsAppStandIn,
  "contactSends" | "conversation" | "onMessage" | "onStatus" | "onTyping"
>;

export interface PhoneOptions {
  /** 0 takes a free one. */
  port: number;
  whatsapp: PhoneWhatsApp;
  chatbots: readonly PhoneChatbot[];
  contacts: readonly ContactInput[];
  /** Settles when the document can be searched; rejects with a sentence for the page. */
  uploadDocument: UploadDocument;
  /** What a chatbot answers from, the newest first. */
  sourcesOf(chatbot: PhoneChatbot): Promise<KnowledgeSource[]>;
  /** What a contact who has not written yet may ask. */
  exampleQuestions: readonly string[];
  /** The flow runs of a conversation, the newest first. */
  runsOf(conversation: Conversation): Promise<FlowRun[]>;
  windmillUrl: string;
}

/** What the installers share. */
export interface PhoneDeps extends PhoneOptions {
  select: Select;
  streams: EventStreams;
  uploads: Uploads;
}
