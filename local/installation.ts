import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const installation = z.object({
  metaAppSecret: z.string(),
  metaVerifyToken: z.string(),
  whatsappAccessToken: z.string(),
  windmillToken: z.string(),
  ingressWindmillToken: z.string(),
  credentialsKeys: z.string(),
});

/** The secrets of one local installation. */
export type Installation = z.infer<typeof installation>;

/** The installation kept in `dataDir`; its secrets are drawn once, so that none stands in the repository. */
export function openInstallation(dataDir: string): Installation {
  const path = join(dataDir, "installation.json");
  // what is older than a secret of today draws that one now
  const saved = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
  const all = installation.parse({ ...drawSecrets(), ...saved });
  mkdirSync(dataDir, { recursive: true });
  writeFileSync(path, JSON.stringify(all), { mode: 0o600 });
  return all;
}

function drawSecrets(): Installation {
  return {
    metaAppSecret: randomBytes(16).toString("hex"),
    metaVerifyToken: randomBytes(16).toString("hex"),
    whatsappAccessToken: `EAA${randomBytes(32).toString("hex")}`,
    windmillToken: randomBytes(16).toString("hex"),
    ingressWindmillToken: randomBytes(16).toString("hex"),
    credentialsKeys: JSON.stringify({
      current: "1",
      keys: { "1": randomBytes(32).toString("base64") },
    }),
  };
}
