import { z } from "zod";
import type { Graph } from "./graph.ts";

const described = z.object({
  data: z.object({
    is_valid: z.boolean(),
    app_id: z.string().optional(),
    /** Unix seconds; 0 is never. */
    expires_at: z.number().default(0),
    scopes: z.array(z.string()).default([]),
    granular_scopes: z
      .array(z.object({ scope: z.string(), target_ids: z.array(z.string()).optional() }))
      .default([]),
  }),
});

export type AccessToken = z.infer<typeof described>["data"];

/** What Meta says of a token; it may ask about itself. @throws {GraphRefusedError} */
export async function describeToken(graph: Graph, token: string): Promise<AccessToken> {
  const query = new URLSearchParams({ input_token: token });
  return (await graph.get(`debug_token?${query}`, token, described)).data;
}

/** The business accounts that a token was given; undefined for one that was not limited to any. */
export function businessAccountsOf({
  granular_scopes: scopes,
}: AccessToken): readonly string[] | undefined {
  return scopes.find(({ scope }) => scope === "whatsapp_business_management")?.target_ids;
}
