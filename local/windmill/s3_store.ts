import { randomUUID } from "node:crypto";
import { createReadStream, createWriteStream, mkdirSync, rmSync, statSync } from "node:fs";
import { rename } from "node:fs/promises";
import { dirname, join, sep } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { badRequest, notFound } from "./http_error.ts";

/** The workspace's object storage: a folder for each storage, a file for each key. */
export class S3Store {
  readonly #dir: string;

  constructor(dataDir: string) {
    this.#dir = join(dataDir, "s3");
    mkdirSync(this.#dir, { recursive: true });
  }

  /** Keeps the stream under the key; without a key it makes one, as Windmill does. */
  async write(
    key: string | undefined,
    storage: string | undefined,
    content: Readable,
    extension?: string,
  ): Promise<string> {
    const fileKey =
      key ?? `windmill_uploads/upload_${randomUUID()}${extension ? `.${extension}` : ""}`;
    const file = this.#fileOf(fileKey, storage);
    mkdirSync(dirname(file), { recursive: true });
    const next = `${file}.${randomUUID()}.next`;
    try {
      await pipeline(content, createWriteStream(next));
      await rename(next, file);
    } catch (error) {
      rmSync(next, { force: true });
      throw error;
    }
    return fileKey;
  }

  read(key: string, storage: string | undefined): { size: number; stream: Readable } {
    const file = this.#existing(key, storage);
    return { size: statSync(file).size, stream: createReadStream(file) };
  }

  delete(key: string, storage: string | undefined): void {
    rmSync(this.#existing(key, storage));
  }

  #existing(key: string, storage: string | undefined): string {
    const file = this.#fileOf(key, storage);
    if (!statSync(file, { throwIfNoEntry: false })?.isFile()) {
      throw notFound(`object ${key} is not in the storage ${storage ?? "of the workspace"}`);
    }
    return file;
  }

  /** Keys become paths: one that would leave its storage's folder is refused. */
  #fileOf(key: string, storage = "_default_"): string {
    if (!/^\w[\w-]*$/.test(storage)) throw badRequest(`"${storage}" is not a storage's name`);
    const root = join(this.#dir, storage);
    const file = join(root, key);
    if (!file.startsWith(root + sep) || key.endsWith("/") || key.includes("\0")) {
      throw badRequest(`"${key}" is not an object's key`);
    }
    return file;
  }
}
