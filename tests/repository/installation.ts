import { workspaceValues } from "../../local/workspace.ts";

/** What an installation has in Windmill, as far as a flow may name it. */
export interface Installation {
  /** Resource path → resource type. */
  resources: Record<string, string>;
  variables: Record<string, { isSecret: boolean }>;
}

/** Read off the local workspace, which has the same paths as a deployed one. */
export const installation = installationOf(
  workspaceValues({
    installation: {
      metaAppSecret: "",
      metaVerifyToken: "",
      whatsappAccessToken: "",
      windmillToken: "",
      ingressWindmillToken: "",
      credentialsKeys: "",
    },
    database: { host: "", port: 0, user: "", password: "", dbname: "", sslmode: "disable" },
    models: {
      apiKey: "",
      baseUrl: "",
      googleApiKey: null,
      chatModel: "",
      embeddingModel: "",
    },
    graphUrl: "",
    slackWebhookUrl: "",
    allowedPrivateOrigins: [],
  }),
);

function installationOf({
  resources,
  variables,
}: ReturnType<typeof workspaceValues>): Installation {
  return {
    resources: Object.fromEntries(
      Object.entries(resources).map(([path, { resourceType }]) => [path, resourceType]),
    ),
    // As the local Windmill has it: a variable given as a bare string is a secret.
    variables: Object.fromEntries(
      Object.entries(variables).map(([path, variable]) => [
        path,
        { isSecret: typeof variable === "string" || variable.isSecret },
      ]),
    ),
  };
}
