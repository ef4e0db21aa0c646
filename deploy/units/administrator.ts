import { randomBytes } from "node:crypto";
import { DeployError } from "../deploy_error.ts";
import type { SecretStore } from "../env_file.ts";
import type { Settings } from "../settings.ts";
import { different, type Item, missing, same, type Unit } from "../unit.ts";
import { WindmillRefusedError } from "../windmill/errors.ts";
import type { WindmillSession } from "../windmill/session.ts";

/*
 * Windmill begins with this user: backend/migrations/20220123221903_first.up.sql. Logging in makes no use of
 * SUPERADMIN_SECRET, the other way into a new one: that belongs to no user, so tokens made with it
 * are no superuser's (windmill-api-auth: create_token_internal looks super_admin up in `password`),
 * and it would stand in the server's environment for ever.
 */
const EMAIL = "admin@windmill.dev";
const FIRST_PASSWORD = "changeme";

/** Somebody is logged in, and nobody can log in with the password that everybody knows. */
export function administrator(
  session: WindmillSession,
  { url, token, adminPassword }: Settings["windmill"],
  secrets: SecretStore,
): Unit {
  return {
    name: "administrator",
    async compare() {
      const opened = await session.login(EMAIL, FIRST_PASSWORD);
      if (token !== undefined) {
        return [await givenToken(session, token, url), passwordItem(opened)];
      }
      const own = opened ?? (adminPassword && (await session.login(EMAIL, adminPassword)));
      if (!own) throw new DeployError(noWayIn(url, adminPassword !== undefined));
      session.use(own);
      return [
        missing("WINDMILL_TOKEN", makeToken, `kept in ${secrets.where}`),
        passwordItem(opened),
      ];
    },
  };

  async function makeToken(): Promise<void> {
    const made = await session.api.createToken({ label: "deploy" });
    secrets.keep("WINDMILL_TOKEN", made);
    session.use(made);
  }

  /** After the token: a password may end the sessions that were opened with the one before it. */
  function passwordItem(opened: string | undefined): Item {
    const name = `password of ${EMAIL}`;
    if (opened === undefined) return same(name);
    const drawn = adminPassword === undefined;
    const note = `was the one that every Windmill begins with${drawn ? `; the new one is WINDMILL_ADMIN_PASSWORD in ${secrets.where}` : ""}`;
    return different(name, () => setPassword(adminPassword), note);
  }

  async function setPassword(chosen: string | undefined): Promise<void> {
    const password = chosen ?? randomBytes(18).toString("base64url");
    const admin = await session.login(EMAIL, FIRST_PASSWORD);
    if (admin === undefined) return; // another deployment was faster, and keeps its own
    // kept before it is set: after a kill in between, the next deployment logs in with the first one again
    if (chosen === undefined) secrets.keep("WINDMILL_ADMIN_PASSWORD", password);
    await session.anonymous.withToken(admin).setPassword(password);
  }
}

async function givenToken(session: WindmillSession, token: string, url: string): Promise<Item> {
  try {
    const { email } = await session.use(token).whoAmI();
    return same("WINDMILL_TOKEN", `of ${email}`);
  } catch (cause) {
    if (!(cause instanceof WindmillRefusedError)) throw cause;
    if (![401, 403].includes(cause.status)) throw cause;
    throw new DeployError(
      `Windmill at ${url} does not take WINDMILL_TOKEN (${cause.status}). It has to be an admin's, without scopes and not bound to a workspace: make one in Windmill under Account settings, Tokens.`,
      { cause },
    );
  }
}

function noWayIn(url: string, isPasswordSet: boolean): string {
  const tried = isPasswordSet ? " and WINDMILL_ADMIN_PASSWORD is refused" : "";
  return `WINDMILL_TOKEN is empty${tried}, and ${EMAIL} has another password than a new Windmill: set WINDMILL_TOKEN to an admin's token of ${url} (Account settings, Tokens).`;
}
