import type { z } from "zod";
import { limitedFetch } from "../../f/platform/limited_response.ts";
import { WindmillRefusedError, WindmillUnreachableError } from "./errors.ts";

/** Creating a workspace and changing its settings take well under a second; the rest is for a busy machine. */
const TIMEOUT_MILLISECONDS = 30_000;
/** A thousand tokens or workers are some 300 KB. */
const MAX_ANSWER_BYTES = 4 * 1_024 * 1_024;
const FILE = "application/octet-stream";

interface Request {
  body?: unknown;
  /** Statuses that are answers and no refusals. */
  also?: readonly number[];
}

interface Answer {
  request: string;
  status: number;
  text: string;
}

/** How Windmill's REST API is spoken. Each method throws WindmillRefusedError or WindmillUnreachableError. */
export class WindmillCalls {
  readonly url: string;
  readonly workspace: string;
  readonly #token: string | undefined;

  /** `url` has no slash at its end. */
  constructor(url: string, workspace: string, token: string | undefined) {
    this.url = url;
    this.workspace = workspace;
    this.#token = token;
  }

  /** A path of the workspace. */
  readonly inWorkspace = (path: string): string =>
    `w/${encodeURIComponent(this.workspace)}/${path}`;

  async text(method: string, path: string, body?: unknown): Promise<string> {
    return (await this.#send(method, path, { body })).text;
  }

  async read<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    request: Request = {},
  ): Promise<z.infer<Schema>> {
    return this.#parse(schema, await this.#send(method, path, request));
  }

  /** undefined: there is nothing at that path. */
  async find<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
  ): Promise<z.infer<Schema> | undefined> {
    const answer = await this.#send("GET", path, { also: [404] });
    return answer.status === 404 ? undefined : this.#parse(schema, answer);
  }

  #parse<Schema extends z.ZodType>(schema: Schema, { request, text }: Answer): z.infer<Schema> {
    try {
      return schema.parse(JSON.parse(text));
    } catch (cause) {
      throw new WindmillUnreachableError(this.url, request, cause);
    }
  }

  async #send(method: string, path: string, { body, also = [] }: Request): Promise<Answer> {
    const request = `${method} /api/${path.replace(/\?.*/, "")}`;
    const isFile = body instanceof Uint8Array;
    try {
      // which follows no redirect: a token must not get to another address
      const response = await limitedFetch(MAX_ANSWER_BYTES)(`${this.url}/api/${path}`, {
        method,
        headers: {
          // a kept connection that the server closes at the same moment would be a call without an answer
          connection: "close",
          ...(this.#token && { authorization: `Bearer ${this.#token}` }),
          ...(body !== undefined && { "content-type": isFile ? FILE : "application/json" }),
        },
        ...(body !== undefined && { body: isFile ? Buffer.from(body) : JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MILLISECONDS),
      });
      const { status } = response;
      const answer = { request, status, text: await response.text() };
      if (response.ok || also.includes(status)) return answer;
      throw new WindmillRefusedError(request, status, answer.text);
    } catch (cause) {
      if (cause instanceof WindmillRefusedError) throw cause;
      throw new WindmillUnreachableError(this.url, request, cause);
    }
  }
}
