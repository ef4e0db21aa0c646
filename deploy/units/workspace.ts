import { DeployError } from "../deploy_error.ts";
import { missing, same, type Unit } from "../unit.ts";
import { WindmillRefusedError } from "../windmill/errors.ts";
import type { WindmillSession } from "../windmill/session.ts";

/** The workspace is there, and whoever deploys is its admin. */
export function workspace(session: WindmillSession): Unit {
  return { name: "workspace", comesFirst: true, compare };

  async function compare() {
    const { api } = session;
    const name = `workspace ${api.workspace}`;
    const { email, super_admin: isSuperAdmin } = await api.whoAmI();
    if (!(await api.workspaceExists())) {
      if (isSuperAdmin) return [missing(name, create)];
      throw new DeployError(
        `There is no ${name} that ${email} may see, and only a superadmin may make one: set WINDMILL_TOKEN to a superadmin's token, or have it made.`,
      );
    }
    if (isSuperAdmin || (await isAdmin())) return [same(name)];
    throw new DeployError(
      `WINDMILL_TOKEN belongs to ${email}, who is no admin of the ${name}: set it to an admin's token.`,
    );
  }

  async function isAdmin(): Promise<boolean> {
    try {
      return (await session.api.whoAmIInWorkspace()).is_admin;
    } catch (cause) {
      // not even a member
      if (cause instanceof WindmillRefusedError && [401, 403].includes(cause.status)) return false;
      throw cause;
    }
  }

  async function create(): Promise<void> {
    try {
      await session.api.createWorkspace();
    } catch (cause) {
      if (!(cause instanceof WindmillRefusedError) || !/username/i.test(cause.answer)) throw cause;
      // an instance that does not make usernames itself (automate_username_creation) asks for one
      await session.api.createWorkspace("admin");
    }
  }
}
