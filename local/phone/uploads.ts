import type { KnowledgeSource, UploadedFile, UploadProgress } from "./types.ts";

export interface Upload extends KnowledgeSource {
  chatbotId: string;
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
      this.#update(upload, { state: "done", status: "ready", percent: undefined });
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

/**
 * The uploads of this page, then what the chatbot knows besides. An upload is a source too once it
 * is stored; the name is all that the two have in common, and the upload says more.
 */
export function allKnowledge(
  uploads: readonly Upload[],
  sources: readonly KnowledgeSource[],
): KnowledgeSource[] {
  // a refused file leaves an earlier source of its name as it was
  const isUpload = (source: KnowledgeSource) =>
    uploads.some(
      ({ name, state }) =>
        name === source.name && (state !== "failed" || source.state === "failed"),
    );
  return [...uploads, ...sources.filter((source) => !isUpload(source))];
}
