/** What README.md tells an installation to make in Windmill, and flows may name as static values. */
export interface Installation {
  /** Resource path → resource type. */
  resources: Record<string, string>;
  variables: Record<string, { isSecret: boolean }>;
}

export const installation: Installation = {
  resources: {
    "f/platform/postgres": "postgresql",
    "f/platform/openai": "openai",
    "f/platform/whatsapp_cloud_api": "whatsapp_cloud_api",
  },
  variables: {
    "f/platform/openai_api_key": { isSecret: true },
    "f/platform/chat_model": { isSecret: false },
    "f/platform/embedding_model": { isSecret: false },
    "f/platform/credentials_keys": { isSecret: true },
    "f/platform/slack_webhook_url": { isSecret: true },
  },
};
