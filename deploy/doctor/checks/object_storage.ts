import { randomUUID } from "node:crypto";
import { WindmillRefusedError } from "../../windmill/errors.ts";
import type { Check } from "../check.ts";
import { failed, ok } from "../finding.ts";
import { windmill } from "./windmill.ts";

/** A small file can be put into the workspace's storage, read and taken out, as the steps do it: through Windmill. */
export const objectStorage: Check = {
  name: "object storage",
  needs: [windmill],
  async run({ windmill: api }) {
    const key = `doctor/${randomUUID()}.txt`;
    const content = `written by npm run doctor, ${key}`;
    let doing = "write";
    try {
      await api.writeObject(key, Buffer.from(content));
      doing = "read";
      const found = await api.readObject(key);
      doing = "delete";
      await api.deleteObject(key);
      if (found === content) return [ok("a file was written, read and deleted")];
      return [failed("a file came back with other bytes", "Look at the storage's disk and log.")];
    } catch (error) {
      if (!(error instanceof WindmillRefusedError)) throw error;
      return [
        failed(
          `could not ${doing} a file: ${error.message}`,
          "Run npm run deploy, which names the storage to the workspace; then compare S3_ACCESS_KEY, S3_SECRET_KEY and the bucket with the storage's own, and read its log.",
        ),
      ];
    }
  },
};
