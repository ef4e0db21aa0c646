import { randomBytes } from "node:crypto";
import { withConnection } from "../../db/connection.ts";
import { DeployError } from "../deploy_error.ts";
import { setRolePassword } from "../role_login.ts";
import type { Settings } from "../settings.ts";
import { different, missing, same, type Unit } from "../unit.ts";
import type { WindmillSession } from "../windmill/session.ts";
import { POSTGRES, POSTGRES_PASSWORD } from "./desired_values.ts";

const NAME = `variable ${POSTGRES_PASSWORD}`;

/** Windmill has the password of chatbot_app. Where nobody chose one and there is no resource yet, it is drawn. */
export function postgresPassword(session: WindmillSession, database: Settings["database"]): Unit {
  const given = givenAppPassword(database);
  return {
    name: "postgres password",
    async compare() {
      const current = await session.api.variable(POSTGRES_PASSWORD);
      if (current !== undefined) {
        if (given === undefined || current.value === given) return [same(NAME)];
        const change = { value: given, is_secret: true };
        return [different(NAME, () => session.api.updateVariable(POSTGRES_PASSWORD, change))];
      }
      // without one here, a resource that is there has its password already
      const isEntered = given === undefined && (await session.api.resource(POSTGRES)) !== undefined;
      return isEntered ? [] : [missing(NAME, create)];
    },
  };

  async function create(): Promise<void> {
    if (given === undefined) await requireRightToAlterRoles(database.url);
    const value = given ?? randomBytes(24).toString("hex");
    const description = `Of the role chatbot_app, in the resource ${POSTGRES}.`;
    await session.api.createVariable(POSTGRES_PASSWORD, { value, is_secret: true, description });
    // kept before it is set: after a kill in between, the next deployment gives it to the role
    if (given === undefined) await setRolePassword(database.url, "chatbot_app", value);
  }
}

/** The password that the settings name for chatbot_app. */
export function givenAppPassword({ appPassword, appUrl }: Settings["database"]) {
  const inUrl = appUrl === undefined ? "" : decodeURIComponent(new URL(appUrl).password);
  return appPassword ?? (inUrl || undefined);
}

async function requireRightToAlterRoles(databaseUrl: string): Promise<void> {
  const [role] = await withConnection(databaseUrl, (database) =>
    database.query<{ name: string; may: boolean }>(
      `select rolname as name, rolsuper or rolcreaterole as may
       from pg_roles where rolname = current_user`,
    ),
  );
  if (role?.may) return;
  throw new DeployError(
    `CHATBOT_APP_PASSWORD is empty, and ${role?.name ?? "the role of DATABASE_URL"} may not give the role chatbot_app a password: set it to the one that the role has.`,
  );
}
