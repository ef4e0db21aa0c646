import type { Router } from "express";
import type { WindmillContext } from "../context.ts";
import { loadScript } from "../jobs/script_catalog.ts";
import { pathParameter } from "./path_parameter.ts";

/** A deployed script by its path; here, whatever is in the repository is deployed. */
export function installScripts(router: Router, { repositoryRoot }: WindmillContext): void {
  router.get("/scripts/get/p/*path", (request, response) => {
    const { path, code, summary, description, schema } = loadScript(
      repositoryRoot,
      pathParameter(request),
    );
    response.json({ path, content: code, language: "bun", summary, description, schema });
  });
}
