import { WindmillCalls } from "./calls.ts";
import { instanceApi } from "./instance_api.ts";
import { runsApi } from "./runs_api.ts";
import { usersApi } from "./users_api.ts";
import { valuesApi } from "./values_api.ts";
import { workspaceApi } from "./workspace_api.ts";

type Subjects = ReturnType<typeof instanceApi> &
  ReturnType<typeof usersApi> &
  ReturnType<typeof workspaceApi> &
  ReturnType<typeof valuesApi> &
  ReturnType<typeof runsApi>;

/**
 * Windmill's REST API as far as deploying and looking after an installation need it. Each method
 * throws WindmillRefusedError or WindmillUnreachableError; what reads one thing by its path answers
 * undefined where there is none.
 */
export interface WindmillApi extends Subjects {
  readonly url: string;
  readonly workspace: string;
  /** The same Windmill for somebody else. */
  withToken(token: string): WindmillApi;
}

/** `url` has no slash at its end. Without a token only `version`, `health` and `login` answer. */
export function windmillApi(url: string, workspace: string, token?: string): WindmillApi {
  const calls = new WindmillCalls(url, workspace, token);
  return {
    ...{ url, workspace },
    withToken: (other) => windmillApi(url, workspace, other),
    ...instanceApi(calls),
    ...usersApi(calls),
    ...workspaceApi(calls),
    ...valuesApi(calls),
    ...runsApi(calls),
  };
}
