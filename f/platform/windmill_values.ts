import * as wmill from "windmill-client";

/** Windmill did not hand out a variable or a resource. Another attempt may succeed. */
export class WindmillUnavailableError extends Error {
  override readonly name = "WindmillUnavailableError";
  readonly path: string;

  constructor(path: string, options: ErrorOptions) {
    super(
      `Windmill did not hand out ${path}: check that its server runs, that ${path} exists and that the folder's scripts may read it.`,
      options,
    );
    this.path = path;
  }
}

/*
 * windmill-client 1.818 throws the same for what does not exist and for a Windmill that is away, so both are tried
 * again: the first fails a few seconds later than it could.
 */

/** Throws WindmillUnavailableError. */
export async function readVariable(path: string): Promise<string> {
  try {
    return await wmill.getVariable(path);
  } catch (cause) {
    throw new WindmillUnavailableError(path, { cause });
  }
}

/** With the variables that it names filled in; undefined when there is none. Throws WindmillUnavailableError. */
export async function readResource(path: string): Promise<unknown> {
  try {
    return await wmill.getResource(path, true);
  } catch (cause) {
    throw new WindmillUnavailableError(path, { cause });
  }
}
