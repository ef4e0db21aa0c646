import express, { type Express, type RequestHandler, type Router } from "express";
import { zipSync } from "fflate";
import { z } from "zod";
import { caller, requireAdmin, requireSuperAdmin } from "../authentication.ts";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound } from "../http_error.ts";
import { VERSION } from "../worker_groups.ts";

/** What answers without a token. */
export function installHealth(app: Express): void {
  app.get("/api/version", (_request, response) => {
    response.type("text").send(VERSION);
  });
  app.get("/api/health/status", (_request, response) => {
    response.json({ status: "healthy", database_healthy: true, workers_alive: 1 });
  });
}

const workspaceId = z.object({ id: z.string() });

export function installWorkspaces(app: Express, context: WindmillContext): void {
  const { state, workspace } = context;
  app.use("/api/workspaces", express.json());
  app.post("/api/workspaces/exists", (request, response) => {
    const { id } = workspaceId.parse(request.body);
    response.json(id === workspace && state.exists);
  });
  app.post("/api/workspaces/create", (request, response) => {
    requireSuperAdmin(response);
    const { id } = workspaceId.parse(request.body);
    if (state.exists && id === workspace) throw badRequest(`Workspace ${id} already exists`);
    if (id !== workspace) throw badRequest(`the local Windmill has one workspace, ${workspace}`);
    state.create();
    response.status(201).type("text").send(`Created workspace ${id}`);
  });
  app.get("/api/workspaces/users", (_request, response) => {
    const { email, username } = caller(response);
    const workspaces = state.exists ? [{ id: workspace, name: workspace, username }] : [];
    response.json({ email, workspaces });
  });
}

const storageChange = z.object({ large_file_storage: z.json().optional() });

/** Every route of a workspace that is not there ends so. */
export function requireWorkspace({ state }: WindmillContext): RequestHandler {
  return (_request, _response, next) => {
    if (!state.exists) throw notFound("no rows returned by a query that expected to return one");
    next();
  };
}

export function installWorkspace(router: Router, { state, deployment }: WindmillContext): void {
  router.get("/workspaces/get_settings", (_request, response) => {
    requireAdmin(response);
    response.json({ large_file_storage: state.largeFileStorage });
  });
  router.post("/workspaces/edit_large_file_storage_config", (request, response) => {
    requireAdmin(response);
    state.setLargeFileStorage(storageChange.parse(request.body).large_file_storage ?? null);
    response.type("text").send("Edit large_file_storage config for workspace");
  });
  // What `wmill sync push` compares the checkout with.
  router.get("/workspaces/tarball", (request, response) => {
    if (request.query.archive_type !== "zip") throw badRequest("Invalid Archive Type");
    const files = [...deployment.files()].map(([name, text]) => [name, Buffer.from(text)] as const);
    response.type("zip").send(Buffer.from(zipSync(Object.fromEntries(files))));
  });
  router.get("/workspaces/list_ws_specific", (_request, response) => {
    response.json([]);
  });
  router.get("/resources/file_resource_type_to_file_ext_map", (_request, response) => {
    response.json({});
  });
  // `wmill generate-metadata --schema-only` asks which of its scripts the server does not have yet.
  router.post("/scripts/raw_temp/diff", (_request, response) => {
    response.json([]);
  });
}
