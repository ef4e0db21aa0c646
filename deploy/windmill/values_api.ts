import { z } from "zod";
import type { WindmillCalls } from "./calls.ts";

const variable = z.object({
  value: z.string().nullish(),
  is_secret: z.boolean(),
  description: z.string().nullish(),
});
const resource = z.object({ value: z.unknown(), resource_type: z.string() });

export type WindmillVariable = z.infer<typeof variable>;
export type WindmillResource = z.infer<typeof resource>;

export interface NewVariable {
  value: string;
  is_secret: boolean;
  description: string;
}

/** Variables and resources of the workspace. What reads one answers undefined where there is none. */
export function valuesApi(calls: WindmillCalls) {
  const { inWorkspace } = calls;
  return {
    /** With a secret's value. */
    variable: (path: string): Promise<WindmillVariable | undefined> =>
      calls.find(variable, inWorkspace(`variables/get/${path}?decrypt_secret=true`)),

    variableExists: (path: string): Promise<boolean> =>
      calls.read(z.boolean(), "GET", inWorkspace(`variables/exists/${path}`)),

    createVariable: (path: string, request: NewVariable): Promise<string> =>
      calls.text("POST", inWorkspace("variables/create"), { path, ...request }),

    updateVariable: (path: string, change: Partial<NewVariable>): Promise<string> =>
      calls.text("POST", inWorkspace(`variables/update/${path}`), change),

    /** As it is stored, with its `$var:` and `$res:`. */
    resource: (path: string): Promise<WindmillResource | undefined> =>
      calls.find(resource, inWorkspace(`resources/get/${path}`)),

    /** With the variables that it names filled in. */
    resourceValue: (path: string): Promise<unknown> =>
      calls.find(z.unknown(), inWorkspace(`resources/get_value_interpolated/${path}`)),

    createResource: (path: string, request: WindmillResource): Promise<string> =>
      calls.text("POST", inWorkspace("resources/create"), { path, ...request }),

    updateResource: (path: string, value: unknown): Promise<string> =>
      calls.text("POST", inWorkspace(`resources/update_value/${path}`), { value }),
  };
}
