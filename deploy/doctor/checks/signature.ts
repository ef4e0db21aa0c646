import { createHmac } from "node:crypto";
import type { Check } from "../check.ts";
import type { Answer, Http } from "../clients.ts";
import { failed, ok, skipped } from "../finding.ts";
import { ingress } from "./ingress.ts";

/** A webhook that says nothing: the ingress proves it, stores nothing, and answers. */
const EMPTY_WEBHOOK = JSON.stringify({ object: "whatsapp_business_account", entry: [] });

/** The ingress takes what is signed with META_APP_SECRET, and nothing else. */
export const signature: Check = {
  name: "signature secret",
  needs: [ingress],
  async run({ http }, { ingress: { localUrl, appSecret } }) {
    if (appSecret === undefined) return [skipped("META_APP_SECRET")];
    const right = await post(http, localUrl, appSecret);
    const wrong = await post(http, localUrl, `not ${appSecret}`);
    // 429: it has refused so many from this address that it no longer looks
    if (wrong.status !== 401 && wrong.status !== 429) {
      return [
        failed(
          `a POST with a wrong signature was answered ${wrong.status} instead of 401`,
          "Whatever stands at the ingress' address is not our webhook server, or not this version: docker compose up -d --build webhook-server.",
        ),
      ];
    }
    if (right.status === 200) return [ok("a webhook signed with it is taken, a forged one is not")];
    return [
      failed(
        `a webhook signed with META_APP_SECRET was answered ${right.status}`,
        right.status === 401
          ? "The app secret in .env is not the webhook server's. If .env is right: docker compose up -d webhook-server."
          : "See the check ingress, and the webhook server's log.",
      ),
    ];
  },
};

function post(http: Http, ingressUrl: string, secret: string): Promise<Answer> {
  return http(`${ingressUrl}/webhook`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-hub-signature-256": `sha256=${createHmac("sha256", secret).update(EMPTY_WEBHOOK).digest("hex")}`,
    },
    body: EMPTY_WEBHOOK,
  });
}
