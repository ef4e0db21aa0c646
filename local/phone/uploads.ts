import type { UploadedFile, UploadProgress } from "./types.ts";

export interface Upload {
  chatbotId: string;
  name: string;
  state: "running" | "done" | "failed";
  status: string;
  percent?: number | undefined;
}

export type UploadDocument = (
  chatbotId: string,
  file: UploadedFile,
  onProgress: (progress: UploadProgress) => void,
) => Promise<void>;

/** The documents that were uploaded from the page since it started, the newest first. */
export class Uploads {
  #uploads: Upload[] = [];
  #uploadDocument: UploadDocument;
  #changed: (chatbotId: string) => void;

  constructor(uploadDocument: UploadDocument, changed: (chatbotId: string) => void) {
    this.#uploadDocument = uploadDocument;
    this.#changed = changed;
  }

  of(chatbotId: string): Upload[] {
    return this.#uploads.filter((upload) => upload.chatbotId === chatbotId);
  }

  /** Settles when the document can be searched, or cannot be; a failure is shown on the page. */
  async add(chatbotId: string, file: UploadedFile): Promise<void> {
    const upload: Upload = { chatbotId, name: file.name, state: "running", status: "uploading" };
    this.#uploads.unshift(upload);
    this.#update(upload, {});
    try {
      await this.#uploadDocument(chatbotId, file, (progress) => this.#update(upload, progress));
      this.#update(upload, { state: "done", status: "ready", percent: 100 });
    } catch (error) {
      const status = error instanceof Error ? error.message : String(error);
      this.#update(upload, { state: "failed", status, percent: undefined });
    }
  }

  #update(upload: Upload, change: Partial<Upload>): void {
    Object.assign(upload, change);
    this.#changed(upload.chatbotId);
  }
}
