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
}

export interface Conversation {
  chatbot: PhoneChatbot;
  contact: ContactInput;
}
