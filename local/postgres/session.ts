/** Who a client said it is, as SQL that makes the one shared session its own. */

/** Settings that a connection's owner may not choose, or that the bridge keeps itself. */
const NOT_SETTINGS = new Set(["user", "database", "options", "replication"]);

/**
 * Takes back what the previous client set and becomes `parameters.user`.
 * `reset all` also empties `app.organization_id`: no tenant survives a change of client.
 */
export function becomeClientSql(parameters: Record<string, string>): string {
  const settings = { ...optionSettings(parameters.options ?? ""), ...parameters };
  const assignments = Object.entries(settings)
    .filter(([name]) => !NOT_SETTINGS.has(name) && !name.startsWith("_pq_."))
    .map(([name, value]) => `select set_config(${literal(name)}, ${literal(value)}, false)`);
  return [
    "reset session authorization",
    "reset all",
    ...assignments,
    // last, as in a real server: a role may set what it was given at its start and no more
    `set session authorization ${literal(parameters.user ?? "")}`,
  ].join("; ");
}

/** `-c name=value` and `--name=value` out of the startup message's `options`. */
function optionSettings(options: string): Record<string, string> {
  const pairs = options.matchAll(/(?:-c\s*|--)([\w.-]+)=((?:\\.|\S)*)/g);
  return Object.fromEntries(
    [...pairs].map(([, name = "", value = ""]) => [
      name.replaceAll("-", "_"),
      value.replace(/\\(.)/g, "$1"),
    ]),
  );
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
