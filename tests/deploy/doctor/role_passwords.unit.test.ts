import { expect, it } from "vitest";
import { rolePasswords } from "../../../deploy/doctor/checks/role_passwords.ts";
import { makeClients } from "../../../deploy/doctor/clients.ts";
import { readSettings } from "../../../deploy/settings.ts";
import { found } from "./doctored_stack.ts";

const PASSWORDS = {
  CHATBOT_APP_PASSWORD: "of the app",
  CHATBOT_INGRESS_PASSWORD: "of the ingress",
};

/** What the check says where a server takes these passwords. */
function judged(
  takes: (role: string, password: string) => boolean,
  env: Record<string, string> = PASSWORDS,
) {
  const settings = readSettings({ DATABASE_URL: "postgresql://owner@localhost/chatbots", ...env });
  const canLogIn = async (role: string, password: string) => takes(role, password);
  return rolePasswords.run({ ...makeClients(settings), canLogIn }, settings);
}

it("is well where a server takes the right passwords and no other", async () => {
  const verdicts = await judged((_role, password) => Object.values(PASSWORDS).includes(password));
  expect(verdicts).toMatchObject([{ state: "ok" }]);
});

it("warns of a server that takes any password, which hides a wrong one", async () => {
  expect(await judged(() => true)).toEqual([
    found("warning", "lets chatbot_app in from here with any password (trust in pg_hba.conf)"),
    found("warning", "lets chatbot_ingress in"),
  ]);
});

it("fails for a password that a role has not", async () => {
  expect(await judged((role) => role === "no one")).toEqual([
    found("failed", "chatbot_app does not log in"),
    found("failed", "chatbot_ingress does not log in"),
  ]);
});

it("tries no password that is not set here", async () => {
  expect(await judged(() => false, {})).toMatchObject([{ state: "ok" }]);
});
