import { extname } from "node:path";
import { type FileType, fileTypeOf } from "../../f/knowledge/file_type.ts";

const BY_EXTENSION: Record<string, FileType> = {
  ".pdf": "pdf",
  ".docx": "docx",
  ".txt": "text",
  ".md": "markdown",
  ".markdown": "markdown",
  ".html": "html",
  ".htm": "html",
  ".csv": "csv",
};

/** For a file input's `accept`. */
export const UPLOAD_EXTENSIONS = Object.keys(BY_EXTENSION);

/** What a person would choose in the upload script's form, which checks it against the bytes. */
export function fileTypeOfUpload(name: string, content: Uint8Array): FileType {
  const named = BY_EXTENSION[extname(name).toLowerCase()];
  if (named) return named;
  const found = fileTypeOf(content);
  return found === null || found === "ole" ? "text" : found;
}
