import pg from "pg";
import { withConnection } from "../../db/connection.ts";
import { setRolePasswords } from "../../db/database_lifecycle.ts";
import { DeployError } from "../deploy_error.ts";
import type { Settings } from "../settings.ts";
import { different, type Item, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill_session.ts";
import { POSTGRES_PASSWORD } from "./desired_values.ts";
import { givenAppPassword } from "./postgres_password.ts";

/** PostgreSQL: wrong password, no such role, no such database. */
const NO_LOGIN = ["28P01", "28000", "3D000"];

/** The roles of the steps and of the ingress log in with the passwords that these will use. */
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
    return [different(name, () => setPassword(database.url, role, password))];
  }
}

async function canLogIn(databaseUrl: string, role: string, password: string): Promise<boolean> {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  try {
    await withConnection(url.href, (database) => database.query("select 1"));
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && NO_LOGIN.includes(error.code ?? "")) return false;
    throw error;
  }
}

async function setPassword(databaseUrl: string, role: string, password: string): Promise<void> {
  if (await setRolePasswords(databaseUrl, { [role]: password })) return;
  throw new DeployError(
    `The role ${role} does not have the password that is set here, and the role of DATABASE_URL may not give it one. As a superuser: \\password ${role}`,
  );
}
