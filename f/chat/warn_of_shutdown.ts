import { raiseAlert } from "../platform/alerts.ts";
import { isShutDown } from "../platform/model_table.ts";
import type { Database } from "../platform/postgres.ts";
import { slackAt } from "../platform/slack.ts";
import { readVariable } from "../platform/windmill_values.ts";

/** Raises an alert, once for each chatbot and model, when the model's maker has announced that it no longer answers. */
export async function warnOfShutdown(
  database: Database,
  chatbot: { organizationId: string; chatbotId: string; model: string },
  today: Date,
): Promise<void> {
  const { organizationId, chatbotId, model } = chatbot;
  if (!isShutDown(model, today)) return;
  const postToSlack = slackAt(await readVariable("f/platform/slack_webhook_url"));
  await raiseAlert(database, organizationId, postToSlack, {
    severity: "error",
    kind: "model_shut_down",
    alertKey: `model_shut_down:${chatbotId}:${model}`,
    summary: `The model ${model} has been shut down by its maker: give the chatbot another one.`,
    details: { chatbot_id: chatbotId, model },
    flowJobId: null,
    turnId: null,
  });
}
