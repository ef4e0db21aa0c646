import { hostOf } from "../postgres_url.ts";
import type { ObjectStorageSettings, Settings } from "../settings.ts";

/** A variable of the workspace, as the settings want it. */
export interface DesiredVariable {
  path: string;
  isSecret: boolean;
  description: string;
  /** undefined: what Windmill has is left alone. */
  value: string | undefined;
  /** What it begins with where Windmill has none; undefined: then there is none. */
  first: string | undefined;
}

/** A resource of the workspace; fields that somebody added in Windmill stay. */
export interface DesiredResource {
  path: string;
  type: string;
  value: Record<string, unknown> | undefined;
  first: Record<string, unknown> | undefined;
}

export const POSTGRES = "f/platform/postgres";
export const POSTGRES_PASSWORD = "f/platform/postgres_password";
export const OBJECT_STORAGE = "f/platform/object_storage";
const OPENAI_KEY = "f/platform/openai_api_key";
const GOOGLE_KEY = "f/platform/google_api_key";
const S3_SECRET_KEY = "f/platform/s3_secret_key";

const OPENAI = "https://api.openai.com/v1";
/** Google has OpenAI's interface too, and embeddings are asked through it. */
const GOOGLE_AS_OPENAI = "https://generativelanguage.googleapis.com/v1beta/openai";

/** Everything that the steps read, but the database's password and the credentials keys. */
export function desiredVariables(settings: Settings): DesiredVariable[] {
  const { models } = settings;
  const { openaiApiKey, googleApiKey } = models;
  const isGoogleOnly = openaiApiKey === undefined && googleApiKey !== undefined;
  const secret = (path: string, description: string, value: string | undefined) => ({
    ...{ path, description, value, isSecret: true, first: undefined },
  });
  const plain = (path: string, description: string, value: string | undefined, first: string) => ({
    ...{ path, description, value, first, isSecret: false },
  });
  return [
    {
      ...secret(OPENAI_KEY, "Asks the models of f/platform/openai.", openaiApiKey),
      // never in the place of a key that is there, which goes to another provider
      first: googleApiKey,
    },
    secret(GOOGLE_KEY, "Asks Gemini models.", googleApiKey),
    plain(
      "f/platform/chat_model",
      "Answers where a chatbot names no model.",
      models.chatModel,
      isGoogleOnly ? "gemini-3.8-flash" : "gpt-6-luna",
    ),
    plain(
      "f/platform/embedding_model",
      "Makes the vectors that knowledge is found by.",
      models.embeddingModel,
      isGoogleOnly ? "gemini-embedding-001" : "text-embedding-3-small",
    ),
    {
      ...secret(
        "f/platform/slack_webhook_url",
        "Where alerts are told; empty: they are only recorded.",
        settings.slackWebhookUrl,
      ),
      first: "",
    },
    secret(S3_SECRET_KEY, `Of the resource ${OBJECT_STORAGE}.`, settings.objectStorage?.secretKey),
  ];
}

export function desiredResources(settings: Settings): DesiredResource[] {
  const { models, objectStorage, whatsappCloudApiUrl } = settings;
  // a key of OpenAI's is sent to OpenAI, unless another address is said for it
  const openaiBaseUrl = models.openaiBaseUrl ?? (models.openaiApiKey && OPENAI);
  const isGoogleOnly = models.openaiApiKey === undefined && models.googleApiKey !== undefined;
  return [
    postgresResource(settings.database),
    {
      path: "f/platform/openai",
      type: "openai",
      value: openaiBaseUrl && { base_url: openaiBaseUrl },
      first: {
        api_key: `$var:${OPENAI_KEY}`,
        base_url: isGoogleOnly ? GOOGLE_AS_OPENAI : OPENAI,
      },
    },
    {
      path: "f/platform/google",
      type: "google",
      value: undefined,
      first: models.googleApiKey ? { api_key: `$var:${GOOGLE_KEY}` } : undefined,
    },
    {
      path: "f/platform/whatsapp_cloud_api",
      type: "whatsapp_cloud_api",
      value: whatsappCloudApiUrl && { base_url: whatsappCloudApiUrl },
      first: { base_url: "https://graph.facebook.com" },
    },
    {
      path: OBJECT_STORAGE,
      type: "s3",
      value: objectStorage && s3Value(objectStorage),
      first: undefined,
    },
  ].map((resource) => ({ ...resource, value: resource.value || undefined }));
}

/** Windmill's own resource type `s3`. */
function s3Value({ endpoint, bucket, region, accessKey }: ObjectStorageSettings) {
  return {
    ...{ bucket, region, accessKey },
    endPoint: endpoint.host,
    useSSL: endpoint.useSsl,
    secretKey: `$var:${S3_SECRET_KEY}`,
    // every S3 server understands it, and a server of one's own has no name for each bucket
    pathStyle: true,
  };
}

/** As the workers reach it: APP_DATABASE_URL, or else where DATABASE_URL is. */
function postgresResource({ url, appUrl, appPassword }: Settings["database"]): DesiredResource {
  const place = new URL(appUrl ?? url);
  const value = {
    host: hostOf(place),
    port: Number(place.port || 5432),
    user: "chatbot_app",
    password: `$var:${POSTGRES_PASSWORD}`,
    dbname: decodeURIComponent(place.pathname.slice(1)),
    // without one, as node-postgres takes DATABASE_URL
    sslmode: place.searchParams.get("sslmode") ?? "disable",
  };
  const isSet = appUrl !== undefined || appPassword !== undefined;
  return { path: POSTGRES, type: "postgresql", value: isSet ? value : undefined, first: value };
}
