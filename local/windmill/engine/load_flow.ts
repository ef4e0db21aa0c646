import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { type FlowModule, type FlowValue, flowValueSchema } from "./flow_definition.ts";

/** Windmill's ids for modules that it makes itself. */
const RESERVED_IDS = new Set(["failure", "preprocessor", "Input"]);

export interface LoadedFlow {
  path: string;
  summary: string;
  value: FlowValue;
  tag?: string;
}

export class FlowNotFound extends Error {
  readonly path: string;

  constructor(path: string, file: string) {
    super(`Flow ${path} not found: there is no ${file}.`);
    this.name = "FlowNotFound";
    this.path = path;
  }
}

export class UnsupportedFlow extends Error {
  readonly path: string;

  constructor(path: string, problem: string, cause?: unknown) {
    super(`The local Windmill cannot run the flow ${path}: ${problem}`, { cause });
    this.name = "UnsupportedFlow";
    this.path = path;
  }
}

const flowFileSchema = z.strictObject({
  summary: z.string(),
  description: z.string().optional(),
  value: flowValueSchema,
  schema: z.unknown().optional(),
  tag: z.string().optional(),
});

/** Reads `<path>__flow/flow.yaml` (or `.flow/`), inlines its scripts and refuses what it cannot run. */
export function loadFlow(repositoryRoot: string, path: string): LoadedFlow {
  const folder = [`${path}__flow`, `${path}.flow`]
    .map((name) => join(repositoryRoot, name))
    .find((name) => existsSync(join(name, "flow.yaml")));
  if (folder === undefined) throw new FlowNotFound(path, `${path}__flow/flow.yaml`);
  const parsed = flowFileSchema.safeParse(parse(readFileSync(join(folder, "flow.yaml"), "utf8")));
  if (!parsed.success) throw new UnsupportedFlow(path, z.prettifyError(parsed.error), parsed.error);
  const { value, summary, tag } = parsed.data;
  checkIds(path, value.modules);
  checkPredicates(path, value.modules);
  inlineScripts(path, folder, value);
  return { path, summary, value, ...(tag === undefined ? {} : { tag }) };
}

/** Every module of a flow, those inside branches and loops included. */
export function allModules(modules: FlowModule[]): FlowModule[] {
  return modules.flatMap((module) => [module, ...allModules(innerModules(module))]);
}

function innerModules({ value }: FlowModule): FlowModule[] {
  switch (value.type) {
    case "branchall":
      return value.branches.flatMap((branch) => branch.modules);
    case "branchone":
      return [...value.branches.flatMap((branch) => branch.modules), ...value.default];
    case "forloopflow":
      return value.modules;
    default:
      return [];
  }
}

function checkIds(path: string, modules: FlowModule[]): void {
  const seen = new Set<string>();
  for (const { id } of allModules(modules)) {
    if (RESERVED_IDS.has(id)) throw new UnsupportedFlow(path, `the module id "${id}" is reserved.`);
    if (seen.has(id)) throw new UnsupportedFlow(path, `the module id "${id}" is used twice.`);
    seen.add(id);
  }
}

/** Windmill would not look at these (worker_flow.rs: "we don't support stop_early per branch"). */
function checkPredicates(path: string, modules: FlowModule[]): void {
  for (const { id, value, stop_after_if, stop_after_all_iters_if } of allModules(modules)) {
    const overJobs = value.type === "branchall" || value.type === "forloopflow";
    const atOnce = overJobs && value.parallel;
    if (stop_after_if && (atOnce || value.type === "branchall")) {
      throw new UnsupportedFlow(path, `step ${id} has stop_after_if; use stop_after_all_iters_if.`);
    }
    if (stop_after_all_iters_if && !overJobs) {
      throw new UnsupportedFlow(path, `step ${id} has no iterations to stop after.`);
    }
  }
}

function inlineScripts(path: string, folder: string, flow: FlowValue): void {
  const modules = [
    ...allModules(flow.modules),
    ...(flow.failure_module ? [flow.failure_module] : []),
  ];
  for (const { id, value } of modules) {
    const file = value.type === "rawscript" && /^!inline (.+)$/.exec(value.content)?.[1];
    if (!file || value.type !== "rawscript") continue;
    const location = join(folder, file);
    if (!existsSync(location)) {
      throw new UnsupportedFlow(path, `step ${id} inlines ${file}, which does not exist.`);
    }
    value.content = readFileSync(location, "utf8");
  }
}
