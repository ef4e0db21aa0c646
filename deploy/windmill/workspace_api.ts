import { z } from "zod";
import type { WindmillCalls } from "./calls.ts";

const settings = z.object({
  large_file_storage: z
    .object({ type: z.string().nullish(), s3_resource_path: z.string().nullish() })
    .nullish(),
});

/** The workspace itself, its folders, and where its files are. */
export function workspaceApi(calls: WindmillCalls) {
  const { workspace: id, inWorkspace } = calls;
  const fileKey = (key: string) => new URLSearchParams({ file_key: key });
  return {
    workspaceExists: (): Promise<boolean> =>
      calls.read(z.boolean(), "POST", "workspaces/exists", { body: { id } }),

    /** `username` only where the instance does not make usernames itself. */
    createWorkspace: (username?: string): Promise<string> =>
      calls.text("POST", "workspaces/create", { id, name: id, ...(username && { username }) }),

    workspaceSettings: () => calls.read(settings, "GET", inWorkspace("workspaces/get_settings")),

    /** `s3_resource_path` begins with `$res:`. */
    editObjectStorage: (storage: { type: "S3Storage"; s3_resource_path: string }) =>
      calls.text("POST", inWorkspace("workspaces/edit_large_file_storage_config"), {
        large_file_storage: { ...storage, public_resource: false },
      }),

    folderNames: (): Promise<string[]> =>
      calls.read(z.array(z.string()), "GET", inWorkspace("folders/listnames")),

    createFolder: (name: string, summary: string): Promise<string> =>
      calls.text("POST", inWorkspace("folders/create"), { name, summary }),

    /** Puts an object into the workspace's storage. */
    writeObject: (key: string, content: Uint8Array): Promise<string> =>
      calls.text("POST", inWorkspace(`job_helpers/upload_s3_file?${fileKey(key)}`), content),

    readObject: (key: string): Promise<string> =>
      calls.text("GET", inWorkspace(`job_helpers/download_s3_file?${fileKey(key)}`)),

    deleteObject: (key: string): Promise<string> =>
      calls.text("DELETE", inWorkspace(`job_helpers/delete_s3_file?${fileKey(key)}`)),
  };
}
