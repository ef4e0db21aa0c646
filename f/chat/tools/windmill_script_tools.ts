import * as z from "zod/v4";
import type { WindmillScripts } from "../../platform/windmill_scripts.ts";
import type { IntegrationTool, OpenIntegration } from "./load_tools.ts";

/** Whose turn a script works for: bound here, and given to the script beside what the model wrote. */
export interface ScriptScope {
  readonly organizationId: string;
  readonly chatbotId: string;
  readonly contactId: string;
  readonly turnId: string;
  readonly traceparent: string | null;
}

/** The one folder whose scripts are tools: the operator's, who decides what every organization may call. */
const TOOL_PATH = /^f\/tools\/[\w-]{1,60}$/;

const path = z.string().regex(TOOL_PATH);
const settings = z.looseObject({
  /** a path alone may write */
  scripts: z
    .array(z.union([path, z.strictObject({ path, access: z.enum(["read", "write"]) })]))
    .max(20),
});

/** An integration of scripts names something else than scripts of f/tools. */
export class ScriptSettingsError extends Error {
  override readonly name = "ScriptSettingsError";

  constructor(integration: string, why: string) {
    super(
      `The settings of the integration ${integration} have to be {"scripts": ["f/tools/…" or {"path": "f/tools/…", "access": "read"}]}: ${why}`,
    );
  }
}

/** A script cannot be a tool as it is declared. */
export class ScriptSchemaError extends Error {
  override readonly name = "ScriptSchemaError";

  constructor(scriptPath: string) {
    super(
      `${scriptPath} is no tool: it has to be main(call: string), and the schema of call in its .script.yaml {type: string, contentMediaType: application/json, contentSchema: the JSON schema of its arguments}.`,
    );
  }
}

/**
 * Only one string is passed to a script, and it begins with a brace: Windmill puts a secret in place of any other text
 * that begins with `$var:` or `$res:`. Its schema says what is in it, in JSON Schema's own words.
 */
const toolSchema = z.object({
  properties: z.strictObject({
    call: z.object({
      type: z.literal("string"),
      contentMediaType: z.literal("application/json"),
      contentSchema: z.looseObject({ type: z.literal("object") }),
    }),
  }),
});

/** Opens integrations of kind windmill_script. The schemas are read for each turn, so that a deployment counts at once. */
export function windmillScriptTools(scripts: WindmillScripts, scope: ScriptScope): OpenIntegration {
  return async (integration, signal) => {
    const parsed = settings.safeParse(integration.settings);
    if (!parsed.success) {
      throw new ScriptSettingsError(integration.name, z.prettifyError(parsed.error));
    }
    const listed = parsed.data.scripts.map((entry) =>
      typeof entry === "string" ? ({ path: entry, access: "write" } as const) : entry,
    );
    return Promise.all(
      listed.map(async ({ path, access }) => ({
        access,
        tool: await toolOf(scripts, scope, path, signal),
      })),
    );
  };
}

async function toolOf(
  scripts: WindmillScripts,
  scope: ScriptScope,
  scriptPath: string,
  signal: AbortSignal,
): Promise<IntegrationTool> {
  const { summary, description, schema } = await scripts.read(scriptPath, signal);
  const parsed = toolSchema.safeParse(schema);
  if (!parsed.success) throw new ScriptSchemaError(scriptPath);
  return {
    definition: {
      name: scriptPath.slice(scriptPath.lastIndexOf("/") + 1),
      description: description || summary,
      parameters: parsed.data.properties.call.contentSchema,
    },
    async run(args, abort, { idempotencyKey }) {
      const call = JSON.stringify({ arguments: args, context: contextOf(scope, idempotencyKey) });
      const result = await scripts.run(scriptPath, { call }, abort);
      return { text: typeof result === "string" ? result : JSON.stringify(result), sources: [] };
    },
  };
}

function contextOf(scope: ScriptScope, idempotencyKey: string) {
  return {
    organization_id: scope.organizationId,
    chatbot_id: scope.chatbotId,
    contact_id: scope.contactId,
    turn_id: scope.turnId,
    idempotency_key: idempotencyKey,
    traceparent: scope.traceparent,
  };
}
