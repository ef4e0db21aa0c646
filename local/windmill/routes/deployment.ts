import type { Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest, notFound } from "../http_error.ts";
import { pathParameter } from "./path_parameter.ts";

const script = z.looseObject({ path: z.string(), content: z.string(), language: z.literal("bun") });
const item = z.looseObject({ path: z.string() });
const folder = z.looseObject({ name: z.string() });
const dependencies = z.object({ content: z.string(), language: z.literal("bun") });

/** What of a creation is told to the server and not kept (Windmill: NewScript against ScriptMetadata). */
const NOT_KEPT = [
  ...["path", "content", "language", "parent_hash"],
  ...["deployment_message", "is_template", "skip_draft_deletion"],
];

function kept(body: object): object {
  return Object.fromEntries(
    Object.entries(body).filter(([key, value]) => !NOT_KEPT.includes(key) && value !== null),
  );
}

/** What `wmill sync push` calls to deploy. */
export function installDeployment(router: Router, { deployment }: WindmillContext): void {
  const find = (kind: string, path: string): Record<string, unknown> => {
    const content = deployment.files().get(`${path}.${kind}.json`);
    if (content === undefined) throw notFound(`${kind} not found at name ${path}`);
    return z.record(z.string(), z.unknown()).parse(JSON.parse(content));
  };
  const put = (kind: string, path: string, value: object) =>
    deployment.put({ [`${path}.${kind}.json`]: JSON.stringify(value) });

  router.post("/scripts/create", (request, response) => {
    const body = script.parse(request.body);
    deployment.put({ [`${body.path}.ts`]: body.content });
    put("script", body.path, kept(body));
    response.status(201).type("text").send("0000000000000001");
  });
  router.get("/flows/get/*path", (request, response) => {
    const path = pathParameter(request);
    response.json({ path, ...find("flow", path) });
  });
  router.get("/flows/exists/*path", (request, response) => {
    response.json(deployment.files().has(`${pathParameter(request)}.flow.json`));
  });
  router.post(["/flows/create", "/flows/update/*path"], (request, response) => {
    const body = item.parse(request.body);
    put("flow", body.path, kept(body));
    response.status(201).type("text").send(body.path);
  });
  router.get("/schedules/get/*path", (request, response) => {
    const path = pathParameter(request);
    response.json({ path, ...find("schedule", path) });
  });
  router.post("/schedules/create", (request, response) => {
    const body = item.parse(request.body);
    put("schedule", body.path, kept(body));
    response.type("text").send(body.path);
  });
  router.post("/schedules/update/*path", (request, response) => {
    const path = pathParameter(request);
    // without what only `setenabled` changes: windmill-api-schedule, edit_schedule
    const { enabled: _, ...change } = z.looseObject({}).parse(request.body);
    put("schedule", path, { ...find("schedule", path), ...change });
    response.type("text").send(path);
  });
  router.post("/schedules/setenabled/*path", (request, response) => {
    const path = pathParameter(request);
    const { enabled } = z.object({ enabled: z.boolean() }).parse(request.body);
    put("schedule", path, { ...find("schedule", path), enabled });
    response.type("text").send(`Schedule ${path} is now ${enabled ? "enabled" : "disabled"}`);
  });
  router.get("/folders/listnames", (_request, response) => {
    const names = [...deployment.files().keys()].map((file) => FOLDER.exec(file)?.[1]);
    response.json(names.filter((name) => name !== undefined));
  });
  router.post("/folders/create", (request, response) => {
    const { name, ...rest } = folder.parse(request.body);
    const file = `f/${name}/folder.meta.json`;
    if (deployment.files().has(file)) throw badRequest(`Folder '${name}' already exists`);
    deployment.put({ [file]: JSON.stringify(rest) });
    response.type("text").send(`Created folder ${name}`);
  });
  router.get("/workspace_dependencies/get_latest/bun", (_request, response) => {
    const content = deployment.files().get("dependencies/package.json");
    if (content === undefined) throw notFound("workspace dependencies not found");
    response.json({ content, language: "bun" });
  });
  router.post("/workspace_dependencies/create", (request, response) => {
    const { content } = dependencies.parse(request.body);
    deployment.put({ "dependencies/package.json": content });
    response.status(201).json(1);
  });
}

const FOLDER = /^f\/([^/]+)\/folder\.meta\.json$/;
