import type { Check } from "../check.ts";
import { failed, ok, skipped, warning } from "../finding.ts";
import { windmill } from "./windmill.ts";

const VARIABLE = "f/platform/slack_webhook_url";
/** https://hooks.slack.com/services/T…/B…/… */
const SLACK_PATH = /^\/services\/T\w+\/B\w+\/\w+$/;

/** Alerts have somewhere to go. Nothing is posted: an alert that is none would be read. */
export const slack: Check = {
  name: "slack",
  needs: [windmill],
  async run({ windmill: api }) {
    const value = (await api.variable(VARIABLE))?.value ?? "";
    if (value === "") return [skipped("SLACK_WEBHOOK_URL")];
    const repair = `Copy the address from Slack's app settings, Incoming Webhooks, into SLACK_WEBHOOK_URL and run npm run deploy.`;
    if (!URL.canParse(value)) return [failed(`${VARIABLE} is no URL`, repair)];
    const { protocol, hostname, pathname } = new URL(value);
    const isLocal = hostname === "127.0.0.1" || hostname === "localhost";
    if (protocol !== "https:" && !isLocal) {
      return [failed(`${VARIABLE} is not https`, repair)];
    }
    if (!SLACK_PATH.test(pathname)) {
      return [warning(`${VARIABLE} does not look like an incoming webhook of Slack's`, repair)];
    }
    return [ok("the webhook's address is well-formed")];
  },
};
