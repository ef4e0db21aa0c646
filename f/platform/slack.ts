import { limitedFetch } from "./limited_response.ts";

/** Slack did not take a message. What it was about stands in system_alerts. */
export class SlackPostError extends Error {
  override readonly name = "SlackPostError";

  constructor(what: string, options?: ErrorOptions) {
    super(
      `Slack did not take the alert: ${what}. Check the variable f/platform/slack_webhook_url.`,
      options,
    );
  }
}

/** A coloured block below the text; titles and values are escaped already. */
export interface SlackAttachment {
  readonly color: string;
  readonly fields: readonly {
    readonly title: string;
    readonly value: string;
    /** beside another one, where there is room */
    readonly short: boolean;
  }[];
}

/** Posts one message. Resolves only when Slack has it; throws SlackPostError. */
export type PostToSlack = (text: string, attachment?: SlackAttachment) => Promise<void>;

const TIMEOUT_MS = 10_000;
const MAX_ANSWER_BYTES = 16 * 1_024;
/** Slack truncates a message's text at 40,000 characters; an alert that long is not read. */
const MAX_TEXT_LENGTH = 3_000;

/** Undefined without a webhook's address: the installation has no Slack. */
export function slackAt(webhookUrl: string): PostToSlack | undefined {
  if (webhookUrl === "") return undefined;
  return async (text, attachment) => {
    const response = await limitedFetch(MAX_ANSWER_BYTES)(webhookUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({
        text: text.slice(0, MAX_TEXT_LENGTH),
        ...(attachment && { attachments: [attachment] }),
      }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    }).catch((cause: unknown) => {
      throw new SlackPostError("no answer", { cause });
    });
    if (!response.ok) throw new SlackPostError(`it answered ${response.status}`);
  };
}

/** A Slack that is down is waited for once, and not once for each alert of a job that raises many. */
export function untilItFails(post: PostToSlack): PostToSlack {
  let failure: SlackPostError | undefined;
  return async (text, attachment) => {
    if (failure) throw failure;
    try {
      await post(text, attachment);
    } catch (error) {
      if (error instanceof SlackPostError) failure = error;
      throw error;
    }
  };
}

/** Slack: these three begin mentions (<!channel>), links and entities; nothing else has to be escaped. */
export function escapeForSlack(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
