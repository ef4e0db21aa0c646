import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Json } from "./json.ts";
import { writeFileAtomically } from "./write_file.ts";

const stateSchema = z.object({ exists: z.boolean(), largeFileStorage: z.json() });

/** Whether the workspace is there, and its settings as far as anybody sets them. */
export class WorkspaceState {
  readonly #file: string;
  #state: z.infer<typeof stateSchema>;

  constructor(dataDir: string, existsFromTheStart: boolean) {
    this.#file = join(dataDir, "workspace.json");
    this.#state = existsSync(this.#file)
      ? stateSchema.parse(JSON.parse(readFileSync(this.#file, "utf8")))
      : { exists: existsFromTheStart, largeFileStorage: null };
  }

  get exists(): boolean {
    return this.#state.exists;
  }

  get largeFileStorage(): Json {
    return this.#state.largeFileStorage;
  }

  create(): void {
    this.#set({ ...this.#state, exists: true });
  }

  setLargeFileStorage(largeFileStorage: Json): void {
    this.#set({ ...this.#state, largeFileStorage });
  }

  #set(state: z.infer<typeof stateSchema>): void {
    this.#state = state;
    writeFileAtomically(this.#file, JSON.stringify(state));
  }
}
