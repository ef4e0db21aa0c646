import { DeployError } from "../deploy_error.ts";
import { missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import { OBJECT_STORAGE } from "./desired_values.ts";

const NAME = "object storage of the workspace";
const WANTED = { type: "S3Storage", s3_resource_path: `$res:${OBJECT_STORAGE}` } as const;

/** Where `wmill.writeS3File` writes: only where the settings name an S3 server. */
export function objectStorage(session: WindmillSession, isWanted: boolean): Unit {
  return {
    name: "object storage",
    async compare() {
      if (!isWanted) return [same(NAME, "left alone, as S3_ACCESS_KEY is empty")];
      const { large_file_storage: current } = await session.api.workspaceSettings();
      const { type, s3_resource_path: path } = current ?? {};
      if (type === WANTED.type && path === WANTED.s3_resource_path) return [same(NAME)];
      if (!type) return [missing(NAME, () => session.api.editObjectStorage(WANTED))];
      // the files in it would be out of reach
      throw new DeployError(
        `The workspace's object storage in Windmill is ${path || type}. Take it out there, or empty S3_ACCESS_KEY and S3_SECRET_KEY to keep it.`,
      );
    },
  };
}
