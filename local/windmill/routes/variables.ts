import type { Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest } from "../http_error.ts";
import { pathParameter } from "./path_parameter.ts";

const created = z.object({
  path: z.string(),
  value: z.string(),
  is_secret: z.boolean().default(false),
  description: z.string().default(""),
});
const updated = z.object({
  value: z.string().optional(),
  is_secret: z.boolean().optional(),
  description: z.string().optional(),
});

export function installVariables(router: Router, { values }: WindmillContext): void {
  router.get("/variables/get/*path", (request, response) => {
    const path = pathParameter(request);
    const value = values.variable(path);
    const { isSecret = false, description = "" } = values.getVariable(path) ?? {};
    const isHidden = isSecret && request.query.decrypt_secret !== "true";
    response.json({
      ...{ path, is_secret: isSecret, description },
      ...(!isHidden && { value }),
    });
  });
  router.get("/variables/get_value/*path", (request, response) => {
    response.json(values.variable(pathParameter(request)));
  });
  router.get("/variables/exists/*path", (request, response) => {
    response.json(values.getVariable(pathParameter(request)) !== undefined);
  });
  router.post("/variables/create", (request, response) => {
    const { path, value, is_secret, description } = created.parse(request.body);
    if (values.getVariable(path)) throw badRequest(`Variable ${path} already exists`);
    values.setVariable(path, { value, isSecret: is_secret, description });
    response.status(201).type("text").send(`variable ${path} created`);
  });
  router.post("/variables/update/*path", (request, response) => {
    const path = pathParameter(request);
    values.variable(path);
    const changes = updated.parse(request.body);
    const current = values.getVariable(path);
    values.setVariable(path, {
      value: changes.value ?? current?.value ?? "",
      isSecret: changes.is_secret ?? current?.isSecret ?? false,
      description: changes.description ?? current?.description ?? "",
    });
    response.type("text").send(`variable ${path} updated`);
  });
  router.delete("/variables/delete/*path", (request, response) => {
    const path = pathParameter(request);
    values.variable(path);
    values.deleteVariable(path);
    response.type("text").send(`variable ${path} deleted`);
  });
}
