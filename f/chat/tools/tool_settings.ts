import { one, type Tenant } from "../../platform/postgres.ts";

/** An integration as one chatbot may use it. */
export interface Integration {
  readonly id: string;
  readonly kind: "mcp" | "windmill_script";
  /** unique in its organization */
  readonly name: string;
  readonly settings: Record<string, unknown>;
  /** a sealed envelope, see platform/secrets */
  readonly credentials: unknown;
  /** write: its tools that write may be called too */
  readonly permission: "read" | "write";
}

/** What a chatbot's tools are made from. */
export interface ToolSettings {
  readonly disabledTools: readonly string[];
  readonly facts: Readonly<Record<string, unknown>>;
  /** those that are switched on, by name */
  readonly integrations: readonly Integration[];
}

export function readToolSettings(tenant: Tenant, chatbotId: string): Promise<ToolSettings> {
  return one<ToolSettings>(
    tenant,
    `select b.disabled_tools as "disabledTools", b.facts, (
       select coalesce(json_agg(json_build_object('id', i.id, 'kind', i.kind, 'name', i.name, 'settings', i.settings,
         'credentials', i.credentials, 'permission', c.permission) order by i.name), '[]')
       from chatbot_integrations c join org_integrations i on i.id = c.integration_id
       where c.chatbot_id = b.id and c.is_enabled and i.is_active
     ) as integrations
     from chatbots b where b.id = $1`,
    [chatbotId],
  );
}
