import type { Router } from "express";
import { z } from "zod";
import type { WindmillContext } from "../context.ts";
import { badRequest } from "../http_error.ts";
import { ValueNotFound } from "../workspace_values.ts";
import { pathParameter } from "./path_parameter.ts";

const created = z.object({ path: z.string(), value: z.json(), resource_type: z.string() });
const updated = z.object({ value: z.json() });

export function installResources(router: Router, { values }: WindmillContext): void {
  const find = (path: string) => {
    const resource = values.getResource(path);
    if (resource === undefined) throw new ValueNotFound("Resource", path);
    return resource;
  };
  router.get("/resources/get/*path", (request, response) => {
    const path = pathParameter(request);
    const { value, resourceType } = find(path);
    response.json({ path, value, resource_type: resourceType, is_oauth: false });
  });
  router.get("/resources/get_value/*path", (request, response) => {
    response.json(find(pathParameter(request)).value);
  });
  router.get("/resources/get_value_interpolated/*path", (request, response) => {
    response.json(values.resource(pathParameter(request)));
  });
  router.get("/resources/exists/*path", (request, response) => {
    response.json(values.getResource(pathParameter(request)) !== undefined);
  });
  router.post("/resources/create", (request, response) => {
    const { path, value, resource_type: resourceType } = created.parse(request.body);
    const replaces = request.query.update_if_exists === "true";
    if (values.getResource(path) && !replaces) throw badRequest(`Resource ${path} already exists`);
    values.setResource(path, { value, resourceType });
    response.status(201).type("text").send(`resource ${path} created`);
  });
  router.post("/resources/update_value/*path", (request, response) => {
    const path = pathParameter(request);
    const { value } = updated.parse(request.body);
    values.setResource(path, { ...find(path), value });
    response.type("text").send(`value of resource ${path} updated`);
  });
}
