import { canLogIn, setRolePassword } from "../role_login.ts";
import type { Settings } from "../settings.ts";
import { different, type Item, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import { POSTGRES_PASSWORD } from "./desired_values.ts";
import { givenAppPassword } from "./postgres_password.ts";

/**
 * The roles of the steps and of the ingress log in with the passwords that are set here. Before
 * Windmill is told of one: a password that the role cannot be given must not reach the steps.
 */
export function rolePasswords(session: WindmillSession, database: Settings["database"]): Unit {
  return {
    name: "role passwords",
    async compare() {
      const stored = async () => (await session.api.variable(POSTGRES_PASSWORD))?.value;
      return [
        ...(await compareRole("chatbot_app", givenAppPassword(database) ?? (await stored()))),
        ...(await compareRole("chatbot_ingress", database.ingressPassword)),
      ];
    },
  };

  /** Nothing for a role whose password is not known here. */
  async function compareRole(role: string, password: string | null | undefined): Promise<Item[]> {
    const name = `password of the role ${role}`;
    if (!password) return [];
    if (await canLogIn(database.url, role, password)) return [same(name)];
    return [different(name, () => setRolePassword(database.url, role, password))];
  }
}
