import express, { type Express, type Router } from "express";
import { z } from "zod";
import { caller, callerOf } from "../authentication.ts";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound } from "../http_error.ts";

const login = z.object({ email: z.string(), password: z.string() });
const newToken = z.object({
  label: z.string().nullish(),
  scopes: z.array(z.string()).nullish(),
  workspace_id: z.string().nullish(),
});

/** Before the middleware that asks for a token. */
export function installLogin(app: Express, { accounts }: WindmillContext): void {
  app.post("/api/auth/login", express.json(), (request, response) => {
    const { email, password } = login.parse(request.body);
    const token = accounts.login(email, password);
    // users.rs `login`: 400, and the same for an unknown user
    if (token === undefined) throw badRequest("Invalid login");
    response.type("text").send(token);
  });
}

export function installAccounts(app: Express, { accounts }: WindmillContext): void {
  app.use("/api/users", express.json());
  app.post("/api/auth/logout", (_request, response) => {
    const { email, token } = caller(response);
    if (token !== undefined) accounts.remove(email, token.token);
    response.type("text").send("logged out successfully");
  });
  app.get("/api/users/whoami", (_request, response) => {
    const { email, username, isAdmin } = caller(response);
    const user = { email, username, login_type: "password", super_admin: isAdmin };
    response.json({ ...user, verified: true, first_time_user: false, disabled: false });
  });
  app.post("/api/users/setpassword", (request, response) => {
    const { password } = z.object({ password: z.string() }).parse(request.body);
    accounts.setPassword(password);
    response.type("text").send(`password of user ${caller(response).email} updated`);
  });
  app.post("/api/users/tokens/create", (request, response) => {
    const { label = null, scopes = null, workspace_id = null } = newToken.parse(request.body);
    const { email } = caller(response);
    const token = accounts.add({ email, label, scopes, workspaceId: workspace_id });
    response.status(201).type("text").send(token);
  });
  app.get("/api/users/tokens/list", (_request, response) => {
    response.json(accounts.listOf(caller(response).email));
  });
  app.delete("/api/users/tokens/delete/:prefix", (request, response) => {
    const { prefix } = request.params;
    if (!accounts.remove(caller(response).email, prefix)) throw notFound(`token ${prefix}`);
    response.type("text").send(`deleted token ${prefix}`);
  });
}

export function installWorkspaceUsers(router: Router): void {
  router.get("/users/whoami", (_request, response) => {
    const { email, username, isAdmin } = caller(response) ?? callerOf(undefined);
    const memberships = { folders: [], groups: [] };
    response.json({
      ...{ email, username, is_admin: isAdmin, is_super_admin: isAdmin },
      ...{ operator: false, disabled: false },
      ...memberships,
    });
  });
}
