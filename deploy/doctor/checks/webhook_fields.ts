import { z } from "zod";
import type { Check } from "../check.ts";
import { failed, ok, skipped, type Verdict, warning } from "../finding.ts";
import { GraphRefusedError, openGraph } from "../graph.ts";
import { workspaceValues } from "./workspace_values.ts";

/** What goes unnoticed without each field of Meta's webhook. */
const FIELDS: Readonly<Record<string, string>> = {
  messages: "nobody is answered",
  user_id_update: "a contact with a new id begins again as a stranger",
  smb_message_echoes: "the chatbot talks over the owner who answers from the WhatsApp Business app",
};

const subscriptions = z.object({
  data: z.array(
    z.object({
      object: z.string(),
      callback_url: z.string(),
      active: z.boolean(),
      fields: z.array(z.object({ name: z.string() })),
    }),
  ),
});
type Subscription = z.infer<typeof subscriptions>["data"][number];

/** The app at Meta is ours, and its webhook is on, has our address and the fields that we read. */
export const webhookFields: Check = {
  name: "webhook fields",
  needs: [workspaceValues],
  async run({ windmill, http }, { ingress: { appId, appSecret, publicUrl } }) {
    if (appId === undefined) return [skipped("META_APP_ID")];
    if (appSecret === undefined) return [skipped("META_APP_SECRET")];
    const graph = await openGraph(windmill, http);
    try {
      const path = `${appId}/subscriptions`;
      const { data } = await graph.get(path, `${appId}|${appSecret}`, subscriptions);
      const ours = data.find(({ object }) => object === "whatsapp_business_account");
      return judge(ours, publicUrl);
    } catch (error) {
      if (!(error instanceof GraphRefusedError && error.isAboutToken)) throw error;
      return [
        failed(
          "META_APP_SECRET is not the secret of the app META_APP_ID: no webhook of it would pass",
          "Copy both from Meta's app dashboard, App settings, Basic, into .env; docker compose up -d webhook-server.",
        ),
      ];
    }
  },
};

function judge(ours: Subscription | undefined, publicUrl: string | undefined): Verdict[] {
  if (!ours?.active) {
    return [
      failed(
        "the app at Meta has no active webhook for WhatsApp",
        "In Meta's app dashboard, WhatsApp, Configuration, enter the webhook's address and META_VERIFY_TOKEN.",
      ),
    ];
  }
  const names = new Set(ours.fields.map(({ name }) => name));
  const verdicts = Object.entries(FIELDS)
    .filter(([field]) => !names.has(field))
    .map(([field, loss]) => {
      const judgement = field === "messages" ? failed : warning;
      return judgement(
        `the webhook's field ${field} is not subscribed: ${loss}`,
        `Subscribe ${field} in Meta's app dashboard, WhatsApp, Configuration, Webhook fields.`,
      );
    });
  if (publicUrl !== undefined && ours.callback_url !== publicUrl) {
    verdicts.push(
      warning(
        `Meta sends webhooks to ${ours.callback_url}`,
        `If that is not this installation, enter ${publicUrl} in Meta's app dashboard.`,
      ),
    );
  }
  return verdicts.length > 0
    ? verdicts
    : [ok("Meta's webhook is on, with every field that we read")];
}
