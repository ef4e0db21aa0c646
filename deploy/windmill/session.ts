import { DeployError } from "../deploy_error.ts";
import { WindmillRefusedError } from "./errors.ts";
import type { WindmillApi } from "./windmill_api.ts";

/** Whoever is logged in while a deployment runs: its token may only be made on the way. */
export class WindmillSession {
  /** Before anybody has logged in. */
  readonly anonymous: WindmillApi;
  #current: { api: WindmillApi; token: string } | undefined;
  readonly #opened: WindmillApi[] = [];

  constructor(anonymous: WindmillApi) {
    this.anonymous = anonymous;
  }

  get api(): WindmillApi {
    return this.#signedIn.api;
  }

  get token(): string {
    return this.#signedIn.token;
  }

  use(token: string): WindmillApi {
    const api = this.anonymous.withToken(token);
    this.#current = { api, token };
    return api;
  }

  /** A token until `close`; undefined when Windmill refuses the password. */
  async login(email: string, password: string): Promise<string | undefined> {
    try {
      const token = await this.anonymous.login(email, password);
      this.#opened.push(this.anonymous.withToken(token));
      return token;
    } catch (cause) {
      // any other refusal says nothing of the password: a proxy's 404, too many tries
      if (cause instanceof WindmillRefusedError && cause.status === 400) return undefined;
      throw cause;
    }
  }

  /** Logs out wherever `login` logged in. */
  async close(): Promise<void> {
    for (const api of this.#opened.splice(0)) {
      try {
        await api.logout();
      } catch (cause) {
        // a new password may have ended it
        if (!(cause instanceof WindmillRefusedError)) throw cause;
      }
    }
  }

  get #signedIn() {
    if (this.#current === undefined) throw new DeployError("Nobody is logged in to Windmill yet.");
    return this.#current;
  }
}
