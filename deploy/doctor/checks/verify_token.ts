import type { Check } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { shakeHands } from "../handshake.ts";
import { ingress } from "./ingress.ts";

const MISSING = warning(
  "META_VERIFY_TOKEN is not set, and without it Meta takes no webhook's address",
  "Choose one, put it into .env, and docker compose up -d webhook-server.",
);

/** Meta could register the webhook with META_VERIFY_TOKEN, and nobody could with another. */
export const verifyToken: Check = {
  name: "verify token",
  needs: [ingress],
  async run({ http }, { ingress: { localUrl, publicUrl, appSecret, verifyToken: token } }) {
    if (token === undefined) {
      const isForMeta = publicUrl !== undefined || appSecret !== undefined;
      return [isForMeta ? MISSING : skipped("META_VERIFY_TOKEN")];
    }
    const wrong = await shakeHands(http, `${localUrl}/webhook`, `not ${token}`);
    if (wrong.status !== 403) {
      return [
        failed(
          `a wrong verify token was answered ${wrong.status} instead of 403`,
          "Whatever stands at the ingress' address is not our webhook server: set INGRESS_URL.",
        ),
      ];
    }
    const right = await shakeHands(http, `${localUrl}/webhook`, token);
    if (right.succeeded) return [ok("Meta's handshake succeeds")];
    return [
      failed(
        `META_VERIFY_TOKEN was answered ${right.status} without the challenge`,
        "The webhook server runs with another token: docker compose up -d webhook-server.",
      ),
    ];
  },
};
