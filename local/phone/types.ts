import type { ContactInput } from "../whatsapp/types.ts";

export interface PhoneChatbot {
  chatbotId: string;
  phoneNumberId: string;
  displayName: string;
}

export interface UploadedFile {
  name: string;
  content: Uint8Array;
}

/** A document or a web page, as the panel lists it. */
export interface KnowledgeSource {
  name: string;
  state: "running" | "done" | "failed";
  /** How far it is or why it failed, in words for the person who uploaded it. */
  status: string;
  /** 0 to 100, where it is known. */
  percent?: number | undefined;
}

/** How far a document is, in words for the person who uploaded it. */
export interface UploadProgress {
  status: string;
  /** 0 to 100, where it is known. */
  percent?: number;
}

export interface FlowRun {
  jobId: string;
  /** Unix time in milliseconds. */
  startedAt: number;
  status: "running" | "success" | "failure";
  /** What the contact wrote first in that turn; empty where it has no words. */
  opening: string;
}

export interface Conversation {
  chatbot: PhoneChatbot;
  contact: ContactInput;
}
