import { setTimeout as sleep } from "node:timers/promises";
import {
  type LocalWindmill,
  startWindmill,
  type WindmillOptions,
} from "../windmill/start_windmill.ts";

/** A local Windmill that goes away and comes back at the same address, with the jobs it had. */
export class RestartableWindmill {
  readonly #options: Pick<WindmillOptions, "dataDir" | "repositoryRoot" | "ingressToken">;
  readonly #onStart: (windmill: LocalWindmill) => void;
  #windmill: LocalWindmill;

  constructor(
    windmill: LocalWindmill,
    options: Pick<WindmillOptions, "dataDir" | "repositoryRoot" | "ingressToken">,
    onStart: (windmill: LocalWindmill) => void,
  ) {
    this.#windmill = windmill;
    this.#options = options;
    this.#onStart = onStart;
    onStart(windmill);
  }

  get current(): LocalWindmill {
    return this.#windmill;
  }

  /** Kills what runs. Back again, it starts scripts in place and gives running flows up, as Windmill does. */
  async awayFor(milliseconds: number): Promise<void> {
    const { baseUrl, workspace, token } = this.#windmill;
    await this.#windmill.close();
    await sleep(milliseconds);
    this.#windmill = await startWindmill({
      ...this.#options,
      workspace,
      token,
      port: Number(new URL(baseUrl).port),
    });
    this.#onStart(this.#windmill);
  }
}
