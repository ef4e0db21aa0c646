import { z } from "zod";
import { GRAPH_API_VERSION } from "../../f/platform/whatsapp.ts";
import type { WindmillApi } from "../windmill/windmill_api.ts";
import type { Http } from "./clients.ts";

/** Graph refused. Build on the code: Meta's texts change. */
export class GraphRefusedError extends Error {
  override readonly name = "GraphRefusedError";
  readonly status: number;
  /** Meta's; undefined when the answer was not Graph's. */
  readonly code: number | undefined;

  constructor(status: number, code: number | undefined) {
    super(`the Graph API answered ${status}${code === undefined ? "" : ` with code ${code}`}`);
    this.status = status;
    this.code = code;
  }

  /** Meta, error codes: 0 and 190 are tokens that are wrong or over. */
  get isAboutToken(): boolean {
    return this.code === 190 || this.code === 0;
  }
}

const refusal = z.object({ error: z.object({ code: z.number() }) });
const resource = z.object({ base_url: z.url() });

/** Reads from Meta's Graph API. */
export interface Graph {
  /** @throws {GraphRefusedError} */
  get<Schema extends z.ZodType>(
    path: string,
    token: string,
    schema: Schema,
  ): Promise<z.infer<Schema>>;
}

/** Where the steps find it. */
export async function openGraph(api: WindmillApi, http: Http): Promise<Graph> {
  const { value } = (await api.resource("f/platform/whatsapp_cloud_api")) ?? {};
  const { base_url: baseUrl } = resource.parse(value);
  return {
    async get(path, token, schema) {
      const { status, text } = await http(`${baseUrl}/${GRAPH_API_VERSION}/${path}`, {
        headers: { authorization: `Bearer ${token}` },
      });
      if (status === 200) return schema.parse(JSON.parse(text));
      throw new GraphRefusedError(status, codeIn(text));
    },
  };
}

function codeIn(text: string): number | undefined {
  try {
    return refusal.safeParse(JSON.parse(text)).data?.error.code;
  } catch {
    // a proxy's page: its status is all there is to say
    return undefined;
  }
}
