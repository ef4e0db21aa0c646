/** One thing of an installation, and whether it is as the settings and the checkout want it. */
export interface Item {
  /** Such as `variable f/platform/chat_model`. */
  name: string;
  /** undefined: as it should be. */
  difference?: Difference | undefined;
  /** What somebody should know of it; never a secret. */
  note?: string | undefined;
}

export interface Difference {
  /** What applying it does: what is not there is created. */
  kind: "created" | "changed";
  apply(): Promise<void>;
}

/** A part of an installation. Comparing changes nothing; units are compared and applied in their order. */
export interface Unit {
  name: string;
  compare(): Promise<Item[]>;
  /** Whether the units after it can be compared only where it has been applied. */
  comesFirst?: boolean;
}

export function same(name: string, note?: string): Item {
  return { name, note };
}

export function missing(name: string, apply: () => Promise<unknown>, note?: string): Item {
  return { name, note, difference: { kind: "created", apply: discard(apply) } };
}

export function different(name: string, apply: () => Promise<unknown>, note?: string): Item {
  return { name, note, difference: { kind: "changed", apply: discard(apply) } };
}

/** Windmill answers with a sentence that nobody needs. */
function discard(apply: () => Promise<unknown>): () => Promise<void> {
  return async () => {
    await apply();
  };
}
