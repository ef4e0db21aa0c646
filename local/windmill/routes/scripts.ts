import type { Router } from "express";
import type { WindmillContext } from "../context.ts";
import { loadScript, ScriptNotFound } from "../jobs/script_catalog.ts";
import { pathParameter } from "./path_parameter.ts";

/** A deployed script by its path; it runs as it is in the repository. */
export function installScripts(
  router: Router,
  { repositoryRoot, deployment }: WindmillContext,
): void {
  router.get("/scripts/exists/p/*path", (request, response) => {
    response.json(deployment.files().has(`${pathParameter(request)}.ts`));
  });
  router.get("/scripts/get/p/*path", (request, response) => {
    const path = pathParameter(request);
    if (!deployment.hasScript(path)) throw new ScriptNotFound(path);
    const { code, summary, description, schema } = loadScript(repositoryRoot, path);
    const content = deployment.files().get(`${path}.ts`) ?? code;
    response.json({ path, content, language: "bun", summary, description, schema });
  });
}
