import { randomBytes } from "node:crypto";
import { givenAppPassword } from "../../units/postgres_password.ts";
import type { Check } from "../check.ts";
import type { Clients } from "../clients.ts";
import { failed, ok, type Verdict, warning } from "../finding.ts";
import { database } from "./database.ts";

/** The roles log in with the passwords that are set here, as far as the server asks for any. */
export const rolePasswords: Check = {
  name: "role passwords",
  needs: [database],
  async run({ canLogIn }, { database: settings }) {
    const logins = [
      { role: "chatbot_app", password: givenAppPassword(settings) },
      { role: "chatbot_ingress", password: settings.ingressPassword },
    ];
    const verdicts: Verdict[] = [];
    for (const { role, password } of logins) {
      if (password) verdicts.push(...(await judge(canLogIn, role, password)));
    }
    if (verdicts.length > 0) return verdicts;
    const known = logins.filter(({ password }) => password).map(({ role }) => role);
    return [ok(`${known.join(" and ") || "none"} tried, of those whose password is set here`)];
  },
};

async function judge(
  canLogIn: Clients["canLogIn"],
  role: string,
  password: string,
): Promise<Verdict[]> {
  if (await canLogIn(role, randomBytes(16).toString("hex"))) {
    return [
      warning(
        `PostgreSQL lets ${role} in from here with any password (trust in pg_hba.conf), so a wrong one shows only where it is asked for`,
        "Write scram-sha-256 for trust on that line of pg_hba.conf (show hba_file), select pg_reload_conf(), and look again.",
      ),
    ];
  }
  if (await canLogIn(role, password)) return [];
  return [
    failed(
      `${role} does not log in with the password that is set here`,
      `Run npm run deploy; where it may not set passwords, as superuser: \\password ${role}.`,
    ),
  ];
}
