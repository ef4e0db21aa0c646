import { WindmillRefusedError, WindmillUnreachableError } from "../../windmill/errors.ts";
import type { Check } from "../check.ts";
import { failed, ok, skipped, type Verdict } from "../finding.ts";

/** Windmill answers, and WINDMILL_TOKEN is an admin's of the workspace. */
export const windmill: Check = {
  name: "windmill",
  async run({ windmill: api }, settings) {
    const { token, workspace } = settings.windmill;
    try {
      await api.version();
      if (token === undefined) return [skipped("WINDMILL_TOKEN")];
      const { is_admin: isAdmin } = await api.whoAmIInWorkspace();
      if (isAdmin) return [ok(`answers, and WINDMILL_TOKEN is an admin's of ${workspace}`)];
      return [
        failed(
          `WINDMILL_TOKEN is not an admin's of the workspace ${workspace}`,
          "Make a token as an admin of Windmill, without scopes, and put it into .env.",
        ),
      ];
    } catch (error) {
      return [verdictOf(error, workspace)];
    }
  },
};

function verdictOf(error: unknown, workspace: string): Verdict {
  if (error instanceof WindmillUnreachableError) {
    return failed(
      error.message,
      "docker compose up -d windmill-server, or set WINDMILL_URL to where Windmill is.",
    );
  }
  if (!(error instanceof WindmillRefusedError)) throw error;
  return error.status === 401
    ? failed(
        "Windmill does not know WINDMILL_TOKEN",
        "Make one as an admin of Windmill, without scopes, and put it into .env.",
      )
    : failed(
        error.message,
        `Run npm run deploy, which makes the workspace ${workspace}; WINDMILL_TOKEN has to be an admin's, without scopes.`,
      );
}
