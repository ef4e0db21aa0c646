import type { Check } from "./check.ts";
import { clock } from "./checks/clock.ts";
import { credentials } from "./checks/credentials.ts";
import { database } from "./checks/database.ts";
import { deployed } from "./checks/deployed.ts";
import { ingress } from "./checks/ingress.ts";
import { ingressToken } from "./checks/ingress_token.ts";
import { models } from "./checks/models.ts";
import { objectStorage } from "./checks/object_storage.ts";
import { publicWebhook } from "./checks/public_webhook.ts";
import { rolePasswords } from "./checks/role_passwords.ts";
import { roles } from "./checks/roles.ts";
import { schema } from "./checks/schema.ts";
import { serverSettings } from "./checks/server_settings.ts";
import { signature } from "./checks/signature.ts";
import { slack } from "./checks/slack.ts";
import { steps } from "./checks/steps.ts";
import { verifyToken } from "./checks/verify_token.ts";
import { versions } from "./checks/versions.ts";
import { webhookFields } from "./checks/webhook_fields.ts";
import { whatsAppTokens } from "./checks/whatsapp_tokens.ts";
import { whatsAppWebhooks } from "./checks/whatsapp_webhooks.ts";
import { windmill } from "./checks/windmill.ts";
import { workers } from "./checks/workers.ts";
import { workspaceValues } from "./checks/workspace_values.ts";

/** In the order in which they are printed: from Meta's webhook inwards, and out again to what the steps use. */
export const CHECKS: readonly Check[] = [
  ingress,
  signature,
  verifyToken,
  publicWebhook,
  webhookFields,
  database,
  schema,
  roles,
  rolePasswords,
  serverSettings,
  windmill,
  ingressToken,
  versions,
  workers,
  deployed,
  workspaceValues,
  steps,
  objectStorage,
  models,
  slack,
  credentials,
  whatsAppTokens,
  whatsAppWebhooks,
  clock,
];
