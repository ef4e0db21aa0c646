import { z } from "zod";

/** Compose hands over an unset variable as an empty string. */
const unsetWhenEmpty = (value: unknown) => (value === "" ? undefined : value);
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(unsetWhenEmpty, schema.optional());
const withDefault = <Schema extends z.ZodType>(schema: Schema, value: z.input<Schema>) =>
  z.preprocess((given) => unsetWhenEmpty(given) ?? value, schema);

// Meta's are 32 hexadecimal characters; anything much shorter is a placeholder that was never replaced
const appSecret = z.string("is missing: the ingress cannot prove who posts to it").min(16);

const environment = z.object({
  HOST: withDefault(z.string(), "127.0.0.1"),
  PORT: withDefault(z.coerce.number().int().min(0).max(65_535), 3012),
  TRUSTED_PROXY_HOPS: withDefault(z.coerce.number().int().min(0).max(10), 0),
  META_APP_SECRET: appSecret,
  META_APP_SECRET_PREVIOUS: optional(appSecret),
  META_VERIFY_TOKEN: z.string("is missing: Meta could not register the webhook").min(8),
  INGRESS_DATABASE_URL: z.url({
    protocol: /^postgres(ql)?$/,
    error: "must be a postgresql:// URL, of the role chatbot_ingress",
  }),
  WINDMILL_BASE_URL: z.url({ protocol: /^https?$/, error: "must be an http(s):// URL" }),
  WINDMILL_WORKSPACE: withDefault(z.string().regex(/^[a-z0-9_-]+$/i), "chatbots"),
  INGRESS_WINDMILL_TOKEN: z.string("is missing: flows could not be started").min(1),
  LOG_LEVEL: withDefault(
    z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    "info",
  ),
});

export interface Config {
  host: string;
  /** 0 takes a free one. */
  port: number;
  trustedProxyHops: number;
  /** Non-empty. While Meta's secret is being replaced, signatures of the old and the new one are valid. */
  appSecrets: readonly string[];
  verifyToken: string;
  databaseUrl: string;
  windmill: WindmillConfig;
  logLevel: string;
}

export interface WindmillConfig {
  /** Without a slash at its end. */
  baseUrl: string;
  workspace: string;
  token: string;
}

export class InvalidConfigError extends Error {
  override readonly name = "InvalidConfigError";
  /** One sentence per wrong variable; never its value, which may be a secret. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(
      `The ingress cannot start. Correct these environment variables (see .env.example):\n${problems
        .map((problem) => `  ${problem}`)
        .join("\n")}`,
    );
    this.problems = problems;
  }
}

/** @throws {InvalidConfigError} which names every wrong variable at once */
export function readConfig(env: Record<string, string | undefined>): Config {
  const parsed = environment.safeParse(env);
  if (!parsed.success) {
    throw new InvalidConfigError(
      parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`),
    );
  }
  const variables = parsed.data;
  return {
    host: variables.HOST,
    port: variables.PORT,
    trustedProxyHops: variables.TRUSTED_PROXY_HOPS,
    appSecrets: [variables.META_APP_SECRET, variables.META_APP_SECRET_PREVIOUS].filter(
      (secret) => secret !== undefined,
    ),
    verifyToken: variables.META_VERIFY_TOKEN,
    databaseUrl: variables.INGRESS_DATABASE_URL,
    windmill: {
      baseUrl: variables.WINDMILL_BASE_URL.replace(/\/+$/, ""),
      workspace: variables.WINDMILL_WORKSPACE,
      token: variables.INGRESS_WINDMILL_TOKEN,
    },
    logLevel: variables.LOG_LEVEL,
  };
}
