import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { interpolate } from "./jobs/interpolate.ts";
import type { Json } from "./json.ts";
import { writeFileAtomically } from "./write_file.ts";

export interface Variable {
  value: string;
  isSecret: boolean;
  description: string;
}

export interface Resource {
  value: Json;
  resourceType: string;
}

export class ValueNotFound extends Error {
  readonly path: string;

  constructor(kind: "Variable" | "Resource", path: string) {
    super(`${kind} not found at name ${path}`);
    this.name = "NotFound";
    this.path = path;
  }
}

const fileSchema = z.object({
  variables: z.record(
    z.string(),
    z.object({ value: z.string(), isSecret: z.boolean(), description: z.string() }),
  ),
  resources: z.record(z.string(), z.object({ value: z.json(), resourceType: z.string() })),
});

/** The workspace's variables and resources, in one file of the data dir. */
export class WorkspaceValues {
  readonly #file: string;
  readonly #variables: Map<string, Variable>;
  readonly #resources: Map<string, Resource>;

  constructor(dataDir: string) {
    mkdirSync(dataDir, { recursive: true });
    this.#file = join(dataDir, "values.json");
    const saved = existsSync(this.#file)
      ? fileSchema.parse(JSON.parse(readFileSync(this.#file, "utf8")))
      : { variables: {}, resources: {} };
    this.#variables = new Map(Object.entries(saved.variables));
    this.#resources = new Map(Object.entries(saved.resources));
  }

  getVariable(path: string): Variable | undefined {
    return this.#variables.get(path);
  }

  getResource(path: string): Resource | undefined {
    return this.#resources.get(path);
  }

  setVariable(path: string, variable: Variable): void {
    this.#variables.set(path, variable);
    this.#save();
  }

  deleteVariable(path: string): void {
    this.#variables.delete(path);
    this.#save();
  }

  setResource(path: string, resource: Resource): void {
    this.#resources.set(path, resource);
    this.#save();
  }

  variable(path: string): string {
    const variable = this.#variables.get(path);
    if (variable === undefined) throw new ValueNotFound("Variable", path);
    return variable.value;
  }

  /** A resource with the `$var:` and `$res:` inside it replaced. */
  resource(path: string, depth = 0): Json {
    const resource = this.#resources.get(path);
    if (resource === undefined) throw new ValueNotFound("Resource", path);
    const reader = {
      variable: (inner: string) => this.variable(inner),
      resource: (inner: string) => this.resource(inner, depth + 1),
      reserved: () => undefined,
    };
    return interpolate(path, resource.value, reader, depth);
  }

  #save(): void {
    const content = {
      variables: Object.fromEntries(this.#variables),
      resources: Object.fromEntries(this.#resources),
    };
    writeFileAtomically(this.#file, JSON.stringify(content, null, 2));
  }
}
