import type { Postgresql } from "../f/platform/postgres.ts";
import type { Installation } from "./installation.ts";
import type { ModelProvider } from "./model_provider.ts";
import type { WindmillOptions } from "./windmill/start_windmill.ts";

export interface WorkspaceParts {
  installation: Installation;
  database: Postgresql;
  models: Pick<ModelProvider, "apiKey" | "googleApiKey" | "chatModel" | "embeddingModel"> & {
    baseUrl: string;
  };
  graphUrl: string;
  slackWebhookUrl: string;
  /** `host:port` of the pages on this machine that may be read as if they were public. */
  allowedPrivateOrigins: string[];
}

/** What the steps read in Windmill: the same paths as in a deployed workspace. */
export function workspaceValues(
  parts: WorkspaceParts,
): Required<Pick<WindmillOptions, "variables" | "resources">> {
  const plain = (value: string) => ({ value, isSecret: false });
  const { googleApiKey } = parts.models;
  return {
    variables: {
      "f/platform/openai_api_key": parts.models.apiKey,
      ...(googleApiKey === null ? {} : { "f/platform/google_api_key": googleApiKey }),
      "f/platform/credentials_keys": parts.installation.credentialsKeys,
      "f/platform/slack_webhook_url": parts.slackWebhookUrl,
      "f/platform/chat_model": plain(parts.models.chatModel),
      "f/platform/embedding_model": plain(parts.models.embeddingModel),
      "f/platform/allowed_private_origins": plain(parts.allowedPrivateOrigins.join(",")),
    },
    resources: {
      "f/platform/postgres": { resourceType: "postgresql", value: { ...parts.database } },
      "f/platform/openai": {
        resourceType: "openai",
        value: { api_key: "$var:f/platform/openai_api_key", base_url: parts.models.baseUrl },
      },
      ...(googleApiKey === null
        ? {}
        : {
            "f/platform/google": {
              resourceType: "google",
              value: { api_key: "$var:f/platform/google_api_key" },
            },
          }),
      "f/platform/whatsapp_cloud_api": {
        resourceType: "whatsapp_cloud_api",
        value: { base_url: parts.graphUrl },
      },
    },
  };
}
