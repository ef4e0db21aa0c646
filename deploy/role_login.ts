import pg from "pg";
import { withConnection } from "../db/connection.ts";
import { setRolePasswords } from "../db/database_lifecycle.ts";
import { DeployError } from "./deploy_error.ts";

/** PostgreSQL: wrong password, no such role, no such database. */
const NO_LOGIN = ["28P01", "28000", "3D000"];

export async function canLogIn(
  databaseUrl: string,
  role: string,
  password: string,
): Promise<boolean> {
  const url = new URL(databaseUrl);
  url.username = role;
  url.password = encodeURIComponent(password);
  try {
    await withConnection(url.href, (database) => database.query("select 1"));
    return true;
  } catch (error) {
    if (error instanceof pg.DatabaseError && NO_LOGIN.includes(error.code ?? "")) return false;
    throw error;
  }
}

/** @throws {DeployError} where the role of DATABASE_URL may not */
export async function setRolePassword(
  databaseUrl: string,
  role: string,
  password: string,
): Promise<void> {
  if (await setRolePasswords(databaseUrl, { [role]: password })) return;
  throw new DeployError(
    `The role ${role} does not have the password that is set here, and the role of DATABASE_URL may not give it one. As a superuser: \\password ${role}`,
  );
}
