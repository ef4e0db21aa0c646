import type { Settings } from "./settings.ts";

/** What webhooks have to be subscribed to: webhook-server/events_of_webhook.ts reads these. */
const FIELDS = "messages, user_id_update, smb_message_echoes";

/** What is left for people after a deployment; no secret stands in it. */
export function nextSteps({ ingress, models }: Settings): string[] {
  const url = ingress.publicUrl ?? "https://<your host>/webhook";
  const hints = [
    ...(models.openaiApiKey || models.googleApiKey
      ? []
      : [
          "note       OPENAI_API_KEY and GOOGLE_API_KEY are empty: the models' keys in Windmill are left as they are",
        ]),
    ...(ingress.verifyToken ? [] : ["note       META_VERIFY_TOKEN is empty: choose one"]),
    ...(ingress.appSecret ? [] : ["note       META_APP_SECRET is empty: the ingress needs it"]),
  ];
  return [
    ...hints,
    "At Meta (developers.facebook.com, your app, WhatsApp, Configuration), enter:",
    `  Callback URL    ${url}`,
    "  Verify token    the value of META_VERIFY_TOKEN",
    `  Webhook fields  ${FIELDS}`,
  ];
}
