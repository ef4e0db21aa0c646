import type { IngressHost } from "./compose.ts";
import type { SecretStore } from "./env_file.ts";
import type { Environment } from "./environment.ts";
import { oneAtATime } from "./one_at_a_time.ts";
import { applyUnits, checkUnits, type Tell } from "./run_units.ts";
import type { Settings } from "./settings.ts";
import type { Unit } from "./unit.ts";
import { administrator } from "./units/administrator.ts";
import { credentialsKeys } from "./units/credentials_keys.ts";
import { desiredResources, desiredVariables } from "./units/desired_values.ts";
import { folders } from "./units/folders.ts";
import { ingressToken } from "./units/ingress_token.ts";
import { migrations } from "./units/migrations.ts";
import { objectStorage } from "./units/object_storage.ts";
import { postgresPassword } from "./units/postgres_password.ts";
import { resources } from "./units/resources.ts";
import { rolePasswords } from "./units/role_passwords.ts";
import { schedules } from "./units/schedules.ts";
import { scripts } from "./units/scripts.ts";
import { variables } from "./units/variables.ts";
import { workspace } from "./units/workspace.ts";
import { type Patience, waitForPostgres, waitForWindmill } from "./wait_until_up.ts";
import { WindmillSession } from "./windmill/session.ts";
import { windmillApi } from "./windmill/windmill_api.ts";
import type { ScriptPush } from "./wmill.ts";

export interface Configuration {
  settings: Settings;
  /** Of which the settings were read; the credentials keys are looked up in it, too. */
  env: Environment;
}

export interface Deployment {
  /** As the env file and the process' environment are now. @throws {InvalidSettingsError} */
  read(): Configuration;
  /** The folder that holds f/. */
  root: string;
  secrets: SecretStore;
  wmill: ScriptPush;
  ingress: IngressHost;
  tell: Tell;
  patience: Omit<Patience, "tell">;
}

/** Makes an installation what the settings and the checkout say, and answers how many things changed. */
export async function deploy(deployment: Deployment): Promise<number> {
  const { tell } = deployment;
  const { settings } = deployment.read();
  const session = await reach(deployment, settings);
  try {
    // read anew: another deployment, which this one waited for, may have made tokens
    return await oneAtATime(settings.database.url, tell, () =>
      applyUnits(unitsOf(deployment, deployment.read(), session), tell),
    );
  } finally {
    await session.close();
  }
}

/** Answers how many things `deploy` would change. */
export async function check(deployment: Deployment): Promise<number> {
  const configuration = deployment.read();
  const session = await reach(deployment, configuration.settings);
  try {
    return await checkUnits(unitsOf(deployment, configuration, session), deployment.tell);
  } finally {
    await session.close();
  }
}

/** Both are there before anything is changed in either. */
async function reach(
  { tell, ...deployment }: Deployment,
  settings: Settings,
): Promise<WindmillSession> {
  const patience = { ...deployment.patience, tell };
  const { url, workspace } = settings.windmill;
  const anonymous = windmillApi(url, workspace);
  await waitForPostgres(settings.database.url, patience);
  await waitForWindmill(anonymous, patience);
  return new WindmillSession(anonymous);
}

/** In the order in which they need each other; scripts after what they read, and the ingress last. */
function unitsOf(
  deployment: Deployment,
  { settings, env }: Configuration,
  session: WindmillSession,
): Unit[] {
  const { root, secrets, wmill } = deployment;
  const { database, windmill, ingress } = settings;
  return [
    administrator(session, windmill, secrets),
    workspace(session),
    migrations(database.url),
    folders(session, root),
    variables(session, desiredVariables(settings)),
    credentialsKeys(session, env),
    rolePasswords(session, database),
    postgresPassword(session, database),
    resources(session, desiredResources(settings)),
    objectStorage(session, settings.objectStorage !== undefined),
    scripts(session, wmill),
    schedules(session, root),
    ingressToken(session, ingress.windmillToken, secrets, telling(deployment)),
  ];
}

/** Says what became of a restart. */
function telling({ ingress, secrets, tell }: Deployment): IngressHost {
  return {
    hasToken: (token) => ingress.hasToken(token),
    restart: async () => {
      const isRestarted = await ingress.restart();
      tell(
        isRestarted
          ? "restarted  webhook-server, with its new token"
          : `note       start the webhook server again with INGRESS_WINDMILL_TOKEN of ${secrets.where}`,
      );
      return isRestarted;
    },
  };
}
