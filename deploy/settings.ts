import { z } from "zod";
import type { Environment } from "./environment.ts";
import { postgresUrl } from "./postgres_url.ts";

/** Compose hands over an unset variable as an empty string. */
const unsetWhenEmpty = (value: unknown) => (value === "" ? undefined : value);
const optional = <Schema extends z.ZodType>(schema: Schema) =>
  z.preprocess(unsetWhenEmpty, schema.optional());
const withDefault = <Schema extends z.ZodType>(schema: Schema, value: z.input<Schema>) =>
  z.preprocess((given) => unsetWhenEmpty(given) ?? value, schema);

const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http(s):// URL" })
  .transform((url) => url.replace(/\/+$/, ""));
const appUrl = postgresUrl.refine(
  (url) => ["", "chatbot_app"].includes(new URL(url).username),
  "must name the user chatbot_app: row-level security may not bind another, who would see every tenant's rows",
);
const port = z.coerce.number().int().min(1).max(65_535);

const environment = z.object({
  WINDMILL_URL: optional(httpUrl),
  WINDMILL_PORT: withDefault(port, 8000),
  WINDMILL_TOKEN: optional(z.string()),
  WINDMILL_ADMIN_PASSWORD: optional(
    z
      .string()
      .min(8, "must have at least 8 characters")
      .refine((password) => password !== "changeme", "is what every Windmill begins with"),
  ),
  // what Windmill takes as an id (windmill-api-workspaces: workspaces.rs)
  WINDMILL_WORKSPACE: withDefault(
    z.string().regex(/^[a-z0-9_-]{1,50}$/i, "must be letters, digits, - and _"),
    "chatbots",
  ),
  DATABASE_URL: z
    .string("is missing: the migrations need the database, as the role that owns it")
    .min(1, "is missing: the migrations need the database, as the role that owns it")
    .pipe(postgresUrl),
  APP_DATABASE_URL: optional(appUrl),
  CHATBOT_APP_PASSWORD: optional(z.string()),
  CHATBOT_INGRESS_PASSWORD: optional(z.string()),
  OPENAI_API_KEY: optional(z.string()),
  OPENAI_BASE_URL: optional(httpUrl),
  GOOGLE_API_KEY: optional(z.string()),
  CHAT_MODEL: optional(z.string()),
  EMBEDDING_MODEL: optional(z.string()),
  SLACK_WEBHOOK_URL: optional(httpUrl),
  WHATSAPP_CLOUD_API_URL: optional(httpUrl),
  S3_ENDPOINT: withDefault(z.string(), "http://object-storage:8333"),
  S3_BUCKET: withDefault(z.string(), "chatbots"),
  S3_REGION: withDefault(z.string(), "us-east-1"),
  S3_ACCESS_KEY: optional(z.string()),
  S3_SECRET_KEY: optional(z.string()),
  INGRESS_WINDMILL_TOKEN: optional(z.string()),
  INGRESS_PORT: withDefault(port, 3012),
  INGRESS_URL: optional(httpUrl),
  META_APP_ID: optional(z.string().regex(/^\d+$/, "must be digits")),
  META_APP_SECRET: optional(z.string()),
  META_VERIFY_TOKEN: optional(z.string()),
  PUBLIC_WEBHOOK_URL: optional(httpUrl),
});

/** An installation as its operator described it. Everything that may be undefined was left empty. */
export interface Settings {
  windmill: {
    /** Without a slash at its end. */
    url: string;
    workspace: string;
    /** Of an admin of Windmill. */
    token: string | undefined;
    /** Of admin@windmill.dev, with whom a new Windmill begins. */
    adminPassword: string | undefined;
  };
  database: {
    /** As the role that owns the tables. */
    url: string;
    /** As the workers reach it, and as the role chatbot_app. */
    appUrl: string | undefined;
    appPassword: string | undefined;
    ingressPassword: string | undefined;
  };
  models: {
    openaiApiKey: string | undefined;
    openaiBaseUrl: string | undefined;
    googleApiKey: string | undefined;
    chatModel: string | undefined;
    embeddingModel: string | undefined;
  };
  slackWebhookUrl: string | undefined;
  whatsappCloudApiUrl: string | undefined;
  objectStorage: ObjectStorageSettings | undefined;
  ingress: {
    /** Where this machine finds the webhook server: on this machine unless said otherwise. */
    localUrl: string;
    /** Where Meta finds it. */
    publicUrl: string | undefined;
    windmillToken: string | undefined;
    /** Meta's id of the app. */
    appId: string | undefined;
    appSecret: string | undefined;
    verifyToken: string | undefined;
  };
}

export interface ObjectStorageSettings {
  /** As the workers reach it. */
  endpoint: { host: string; useSsl: boolean };
  bucket: string;
  region: string;
  accessKey: string;
  secretKey: string;
}

export class InvalidSettingsError extends Error {
  override readonly name = "InvalidSettingsError";
  /** One sentence per wrong variable; never its value, which may be a secret. */
  readonly problems: readonly string[];

  constructor(file: string, problems: readonly string[]) {
    super(
      `Correct these variables in ${file} or the environment (see .env.example):\n${problems
        .map((problem) => `  ${problem}`)
        .join("\n")}`,
    );
    this.problems = problems;
  }
}

type Variables = z.infer<typeof environment>;

/** `file` is where most variables were read. @throws {InvalidSettingsError} which names every wrong variable at once */
export function readSettings(env: Environment, file = ".env"): Settings {
  const parsed = environment.safeParse(env);
  const problems = parsed.success
    ? []
    : parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
  if (!env.S3_ACCESS_KEY !== !env.S3_SECRET_KEY) {
    problems.push("S3_ACCESS_KEY, S3_SECRET_KEY: set both, or neither");
  }
  if (!parsed.success || problems.length > 0) throw new InvalidSettingsError(file, problems);
  return settingsFrom(parsed.data);
}

function settingsFrom(variables: Variables): Settings {
  return {
    windmill: {
      url: variables.WINDMILL_URL ?? `http://127.0.0.1:${variables.WINDMILL_PORT}`,
      workspace: variables.WINDMILL_WORKSPACE,
      token: variables.WINDMILL_TOKEN,
      adminPassword: variables.WINDMILL_ADMIN_PASSWORD,
    },
    database: {
      url: variables.DATABASE_URL,
      appUrl: variables.APP_DATABASE_URL,
      appPassword: variables.CHATBOT_APP_PASSWORD,
      ingressPassword: variables.CHATBOT_INGRESS_PASSWORD,
    },
    models: {
      openaiApiKey: variables.OPENAI_API_KEY,
      openaiBaseUrl: variables.OPENAI_BASE_URL,
      googleApiKey: variables.GOOGLE_API_KEY,
      chatModel: variables.CHAT_MODEL,
      embeddingModel: variables.EMBEDDING_MODEL,
    },
    slackWebhookUrl: variables.SLACK_WEBHOOK_URL,
    whatsappCloudApiUrl: variables.WHATSAPP_CLOUD_API_URL,
    objectStorage: objectStorageFrom(variables),
    ingress: {
      localUrl: variables.INGRESS_URL ?? `http://127.0.0.1:${variables.INGRESS_PORT}`,
      publicUrl: variables.PUBLIC_WEBHOOK_URL,
      windmillToken: variables.INGRESS_WINDMILL_TOKEN,
      appId: variables.META_APP_ID,
      appSecret: variables.META_APP_SECRET,
      verifyToken: variables.META_VERIFY_TOKEN,
    },
  };
}

function objectStorageFrom(variables: Variables): ObjectStorageSettings | undefined {
  const { S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = variables;
  if (accessKey === undefined || secretKey === undefined) return undefined;
  // "object-storage:8333" alone is read as plain HTTP
  const [, scheme = "http", host = ""] =
    /^(?:(https?):\/\/)?(.*?)\/*$/.exec(variables.S3_ENDPOINT) ?? [];
  return {
    endpoint: { host, useSsl: scheme === "https" },
    bucket: variables.S3_BUCKET,
    region: variables.S3_REGION,
    accessKey,
    secretKey,
  };
}
