import { z } from "zod";
import type { WindmillCalls } from "./calls.ts";

const user = z.object({ email: z.string(), super_admin: z.boolean() });
const member = z.object({ username: z.string(), is_admin: z.boolean() });
const token = z.object({
  label: z.string().nullish(),
  token_prefix: z.string(),
  scopes: z.array(z.string()).nullish(),
  workspace_id: z.string().nullish(),
  expiration: z.string().nullish(),
});

export type WindmillToken = z.infer<typeof token>;

/** A token that may do only what its scopes say, and only in one workspace. */
export interface NewToken {
  label: string;
  scopes?: string[];
  workspace_id?: string;
}

/** Who is logged in, and with which tokens. */
export function usersApi(calls: WindmillCalls) {
  return {
    /** A session's token. 400 "Invalid login" for a wrong password: users.rs `login`. */
    login: (email: string, password: string): Promise<string> =>
      calls.text("POST", "auth/login", { email, password }),

    logout: (): Promise<string> => calls.text("POST", "auth/logout"),

    /** Of whoever the token belongs to. */
    setPassword: (password: string): Promise<string> =>
      calls.text("POST", "users/setpassword", { password }),

    whoAmI: () => calls.read(user, "GET", "users/whoami"),

    whoAmIInWorkspace: () => calls.read(member, "GET", calls.inWorkspace("users/whoami")),

    createToken: (request: NewToken): Promise<string> =>
      calls.text("POST", "users/tokens/create", request),

    /** Of the user whose token this client has. */
    listTokens: (): Promise<WindmillToken[]> =>
      calls.read(z.array(token), "GET", "users/tokens/list?exclude_ephemeral=true&per_page=1000"),

    deleteToken: (prefix: string): Promise<string> =>
      calls.text("DELETE", `users/tokens/delete/${encodeURIComponent(prefix)}`),
  };
}
