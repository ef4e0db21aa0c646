import * as z from "zod/v4";
import { readResource } from "./windmill_values.ts";

const providerResource = z.object({ api_key: z.string().min(1), base_url: z.url().optional() });

/** Where the models of one provider are, and with which key. */
export interface Provider {
  readonly apiKey: string;
  /** undefined: where the provider itself is, for those that we know */
  readonly baseUrl: string | undefined;
}

/** The installation has no usable resource for the provider that a model's id names. */
export class UnknownProviderError extends Error {
  override readonly name = "UnknownProviderError";
  readonly provider: string;

  constructor(provider: string) {
    super(
      `There is no provider "${provider}": make the resource f/platform/${provider} with api_key and base_url, or, if "${provider}:" is the beginning of a model's own name, write "openai:${provider}:…".`,
    );
    this.provider = provider;
  }
}

/** The resource f/platform/<provider>. */
export async function readProvider(provider: string): Promise<Provider> {
  const resource = await readResource(`f/platform/${provider}`);
  const parsed = providerResource.safeParse(resource);
  // without zod's own words, which show what stands in another resource of that name
  if (!parsed.success) throw new UnknownProviderError(provider);
  return { apiKey: parsed.data.api_key, baseUrl: parsed.data.base_url };
}
