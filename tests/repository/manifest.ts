import { z } from "zod";
import { readText } from "../../local/metadata/tree.ts";

const versions = z.record(z.string(), z.string());

/** package.json, as far as the checks read it. */
export const manifest = z
  .object({ scripts: versions, dependencies: versions, devDependencies: versions })
  .parse(JSON.parse(readText("package.json")));
