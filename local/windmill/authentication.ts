import type { RequestHandler, Response } from "express";
import { ADMIN_EMAIL, type Token } from "./accounts.ts";
import type { WindmillContext } from "./context.ts";
import { HttpError } from "./http_error.ts";
import { USER } from "./jobs/job_env.ts";
import { missingScope } from "./scopes.ts";

/** Who asks. Jobs ask as the admin, with a token of their own. */
export interface Caller {
  email: string;
  username: string;
  isAdmin: boolean;
  token: Token | undefined;
}

/** A user's token, or that of a job that is running. */
export function requireToken({ accounts, jobs, workspace }: WindmillContext): RequestHandler {
  return (request, response, next) => {
    const given = /^Bearer (.+)$/.exec(request.get("authorization") ?? "")?.[1] ?? "";
    const token = accounts.find(given);
    const isOfWorkspace = request.path.startsWith(`/w/${workspace}/`);
    // auth.rs: a token bound to a workspace is unknown to the routes that belong to none
    const isUsable =
      token === undefined
        ? jobs.jobOfToken(given) !== undefined
        : token.workspaceId === null || (isOfWorkspace && token.workspaceId === workspace);
    if (!isUsable) throw new HttpError(401, "Unauthorized");
    const missing = token?.scopes && missingScope(token.scopes, request.method, request.path);
    if (missing) {
      throw new HttpError(403, `Permission denied: Access denied. Required scope: ${missing}`);
    }
    response.locals.caller = callerOf(token);
    next();
  };
}

export function callerOf(token: Token | undefined): Caller {
  const email = token?.email ?? ADMIN_EMAIL;
  const isAdmin = email === ADMIN_EMAIL;
  return { email, username: isAdmin ? USER.username : "member", isAdmin, token };
}

export function caller(response: Response): Caller {
  return response.locals.caller as Caller;
}

/** windmill-api-auth: require_super_admin, which is a 401 and no 403. */
export function requireSuperAdmin(response: Response): void {
  if (!caller(response).isAdmin) {
    const problem = "This endpoint requires the caller to be a super admin";
    throw new HttpError(401, `Not authorized: ${problem}`);
  }
}

/** windmill-common utils.rs: require_admin. */
export function requireAdmin(response: Response): void {
  const { isAdmin, username } = caller(response);
  if (!isAdmin) throw new HttpError(403, `Require Admin privileges: ${username}`);
}
