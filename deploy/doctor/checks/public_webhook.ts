import type { Check } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { shakeHands } from "../handshake.ts";
import { reasonOf } from "../reason.ts";
import { verifyToken } from "./verify_token.ts";

/** The way that Meta takes: the public name, its certificate and the proxy lead to the webhook server. */
export const publicWebhook: Check = {
  name: "public address",
  needs: [verifyToken],
  async run({ http }, { ingress: { publicUrl, verifyToken: token } }) {
    if (publicUrl === undefined) return [skipped("PUBLIC_WEBHOOK_URL")];
    if (token === undefined) return [skipped("META_VERIFY_TOKEN")];
    const shaken = await shakeHands(http, publicUrl, token).catch(reasonOf);
    if (typeof shaken === "string") {
      return [
        warning(
          `PUBLIC_WEBHOOK_URL gave no answer: ${shaken}`,
          "Look at its DNS name, its certificate and the proxy; some networks keep their own public address from themselves, then look from outside.",
        ),
      ];
    }
    if (shaken.succeeded) return [ok("leads to the webhook server")];
    return [
      failed(
        `PUBLIC_WEBHOOK_URL was answered ${shaken.status} without the challenge`,
        "Let the proxy hand /webhook on to the webhook server, unchanged.",
      ),
    ];
  },
};
