import pg from "pg";
import { withConnection } from "./connection.ts";

const DUPLICATE_DATABASE = "42P04";
const INSUFFICIENT_PRIVILEGE = "42501";

/** Of a connection string; the database that everything else is about. */
export function databaseName(url: string): string {
  return decodeURIComponent(new URL(url).pathname.slice(1));
}

/** Makes the database if it is not there, as the role that the connection string names. True when it did. */
export async function createDatabase(url: string): Promise<boolean> {
  return withConnection(maintenanceUrl(url), async (server) => {
    const name = databaseName(url);
    const found = await server.query("select from pg_database where datname = $1", [name]);
    if (found.length > 0) return false;
    try {
      await server.query(`create database ${pg.escapeIdentifier(name)}`);
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === DUPLICATE_DATABASE) return false;
      throw error;
    }
    return true;
  });
}

/** Disconnects everybody and drops the database. False when there was none. The roles stay. */
export async function dropDatabase(url: string): Promise<boolean> {
  return withConnection(maintenanceUrl(url), async (server) => {
    const name = databaseName(url);
    const found = await server.query("select from pg_database where datname = $1", [name]);
    if (found.length === 0) return false;
    await server.query(`drop database ${pg.escapeIdentifier(name)} with (force)`);
    return true;
  });
}

/**
 * Gives each role its password; a role without one here keeps what it has. False when the connection string's role
 * may not, as an owner that is no superuser: whoever made the roles gave them their passwords.
 */
export async function setRolePasswords(
  url: string,
  passwords: Readonly<Record<string, string | undefined>>,
): Promise<boolean> {
  return withConnection(url, async (database) => {
    for (const [role, password] of Object.entries(passwords)) {
      if (!password) continue;
      // "alter role" takes no parameters
      const statement = `alter role ${pg.escapeIdentifier(role)} password ${pg.escapeLiteral(password)}`;
      try {
        await database.query(statement);
      } catch (error) {
        if (error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)
          return false;
        throw error;
      }
    }
    return true;
  });
}

/** A database cannot be made or dropped from inside. */
function maintenanceUrl(url: string): string {
  const maintenance = new URL(url);
  maintenance.pathname = "/postgres";
  return maintenance.href;
}
