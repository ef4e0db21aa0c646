import type { Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest, notSupported } from "../http_error.ts";

const s3Query = z.object({
  file_key: z.string().min(1).optional(),
  storage: z.string().min(1).optional(),
  file_extension: z.string().optional(),
  s3_resource_path: z.string().optional(),
});

export function installS3(router: Router, { s3 }: WindmillContext): void {
  router.post("/job_helpers/upload_s3_file", async (request, response) => {
    const { file_key, storage, file_extension } = parseQuery(request.query);
    response.json({ file_key: await s3.write(file_key, storage, request, file_extension) });
  });
  router.get("/job_helpers/download_s3_file", (request, response) => {
    const { file_key, storage } = parseQuery(request.query);
    const { size, stream } = s3.read(required(file_key), storage);
    response.set({ "Content-Type": "application/octet-stream", "Content-Length": String(size) });
    stream.pipe(response);
  });
  router.get("/job_helpers/load_file_metadata", (request, response) => {
    const { file_key, storage } = parseQuery(request.query);
    const { size, stream } = s3.read(required(file_key), storage);
    stream.destroy();
    response.json({ mime_type: "application/octet-stream", size_in_bytes: size });
  });
  router.delete("/job_helpers/delete_s3_file", (request, response) => {
    const { file_key, storage } = parseQuery(request.query);
    s3.delete(required(file_key), storage);
    response.json(null);
  });
}

function parseQuery(query: unknown): z.infer<typeof s3Query> {
  const parsed = s3Query.safeParse(query);
  if (!parsed.success) throw badRequest(z.prettifyError(parsed.error));
  if (parsed.data.s3_resource_path !== undefined) {
    throw notSupported("s3_resource_path: only the workspace's own storage is there");
  }
  return parsed.data;
}

function required(fileKey: string | undefined): string {
  if (fileKey === undefined) throw badRequest("file_key is missing");
  return fileKey;
}
