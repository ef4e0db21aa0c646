import { pageAddress, refusalOf } from "./page_address.ts";
import type { Robots } from "./robots.ts";

export interface FoundPage {
  readonly url: string;
  /** undefined: only its address is known */
  readonly title: string | undefined;
}

export interface RefusedPage {
  readonly url: string;
  readonly reason: string;
}

/** The pages of a site as they are found, each once and no more than wanted. */
export class FoundPages {
  readonly taken: FoundPage[] = [];
  readonly refused: RefusedPage[] = [];
  /** that would have been taken, had more been wanted */
  leftOver = 0;
  readonly #seen = new Set<string>();
  readonly #site: string;
  readonly #robots: Robots;
  readonly #maxPages: number;

  constructor(site: string, robots: Robots, maxPages: number) {
    this.#site = site;
    this.#robots = robots;
    this.#maxPages = maxPages;
  }

  get isFull(): boolean {
    return this.taken.length >= this.#maxPages;
  }

  /** The page's one address when nobody has seen it before and it may be read. */
  accept(address: string): string | undefined {
    const url = pageAddress(address);
    if (url === undefined || this.#seen.has(url)) return undefined;
    this.#seen.add(url);
    const reason = this.refusalOf(url);
    if (reason === undefined) return url;
    this.refuse(url, reason);
    return undefined;
  }

  /** Why a page is not taken, as a sentence; undefined when there is no reason. */
  refusalOf(url: string): string | undefined {
    return refusalOf(url, this.#site, this.#robots.isAllowed);
  }

  take(page: FoundPage): void {
    if (this.isFull) this.leftOver++;
    else this.taken.push(page);
  }

  refuse(url: string, reason: string): void {
    this.refused.push({ url, reason });
  }
}
