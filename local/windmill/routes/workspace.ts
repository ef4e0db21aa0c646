import type { Express, Router } from "express";
import { USER } from "../jobs/job_env.ts";

/** The version whose source this server was written after. */
const VERSION = "CE v1.788.0";

/** What answers without a token. */
export function installHealth(app: Express): void {
  app.get("/api/version", (_request, response) => {
    response.type("text").send(VERSION);
  });
  app.get("/api/health/status", (_request, response) => {
    response.json({ status: "healthy", database_healthy: true, workers_alive: 1 });
  });
}

export function installUsers(app: Express): void {
  app.get("/api/users/whoami", (_request, response) => {
    response.json({ ...whoAmI(), login_type: "password", super_admin: true, verified: true });
  });
}

export function installWorkspace(router: Router): void {
  router.get("/users/whoami", (_request, response) => {
    response.json({
      ...whoAmI(),
      is_admin: true,
      operator: false,
      disabled: false,
      folders: [],
      groups: [],
    });
  });
  // `wmill generate-metadata --schema-only` asks which of its scripts the server does not have yet.
  router.post("/scripts/raw_temp/diff", (_request, response) => {
    response.json([]);
  });
}

function whoAmI() {
  return { email: USER.email, username: USER.username };
}
