import { z } from "zod";

/** Creating a workspace and changing its settings take well under a second; the rest is reserve. */
const TIMEOUT_MILLISECONDS = 15_000;
/** What a sentence of Windmill's may take in a message of ours. */
const MAX_ANSWER_CHARACTERS = 300;
const FILE = "application/octet-stream";

/** Windmill refused. Its texts name paths and roles, never a value. */
export class WindmillRefusedError extends Error {
  override readonly name = "WindmillRefusedError";
  readonly status: number;
  readonly request: string;
  readonly answer: string;

  constructor(request: string, status: number, answer: string) {
    super(`Windmill answered ${status} to ${request}: ${answer.slice(0, MAX_ANSWER_CHARACTERS)}`);
    this.status = status;
    this.request = request;
    this.answer = answer;
  }
}

/** Windmill gave no answer that could be read. */
export class WindmillUnreachableError extends Error {
  override readonly name = "WindmillUnreachableError";
  readonly url: string;

  constructor(url: string, request: string, cause: unknown) {
    const reason = cause instanceof Error ? reasonOf(cause) : String(cause);
    super(`Windmill at ${url} gave no answer to ${request}: ${reason}`, { cause });
    this.url = url;
  }
}

/** Node's fetch says "fetch failed" and keeps why to itself. */
function reasonOf(error: Error): string {
  if (!(error.cause instanceof Error)) return error.message;
  return error.cause.message || String("code" in error.cause ? error.cause.code : error.cause.name);
}

const user = z.object({ email: z.string(), super_admin: z.boolean() });
const member = z.object({ username: z.string(), is_admin: z.boolean() });
const token = z.object({
  label: z.string().nullish(),
  token_prefix: z.string(),
  scopes: z.array(z.string()).nullish(),
  workspace_id: z.string().nullish(),
  expiration: z.string().nullish(),
});
const variable = z.object({
  value: z.string().nullish(),
  is_secret: z.boolean(),
  description: z.string().nullish(),
});
const resource = z.object({ value: z.unknown(), resource_type: z.string() });
const workspaceSettings = z.object({
  large_file_storage: z
    .object({ type: z.string().nullish(), s3_resource_path: z.string().nullish() })
    .nullish(),
});
const schedule = z.object({ enabled: z.boolean() });
const health = z.object({
  status: z.string(),
  database_healthy: z.boolean(),
  workers_alive: z.number(),
});

const worker = z.object({
  worker: z.string(),
  custom_tags: z.array(z.string()).nullish(),
  /** Seconds ago. */
  last_ping: z.number().nullish(),
  wm_version: z.string(),
});
const jobEnd = z.object({
  completed: z.boolean(),
  success: z.boolean().nullish(),
  result: z.unknown(),
});

export type WindmillWorker = z.infer<typeof worker>;
export type WindmillToken = z.infer<typeof token>;
export type WindmillVariable = z.infer<typeof variable>;
export type WindmillResource = z.infer<typeof resource>;

/** A token that may do only what its scopes say, and only in one workspace. */
export interface NewToken {
  label: string;
  scopes?: string[];
  workspace_id?: string;
}

export interface NewVariable {
  value: string;
  is_secret: boolean;
  description: string;
}

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

/**
 * Windmill's REST API as far as deploying and looking after an installation need it. Each method
 * throws WindmillRefusedError or WindmillUnreachableError; what reads one thing by its path answers
 * undefined where there is none.
 */
export class WindmillApi {
  readonly url: string;
  readonly workspace: string;
  readonly #token: string | undefined;

  /** `url` has no slash at its end. Without a token only `version`, `health` and `login` answer. */
  constructor(url: string, workspace: string, token?: string) {
    this.url = url;
    this.workspace = workspace;
    this.#token = token;
  }

  withToken(token: string): WindmillApi {
    return new WindmillApi(this.url, this.workspace, token);
  }

  version = (): Promise<string> => this.#text("GET", "version");

  /** Answers 503 with the same body when something is wrong: windmill-api/src/health.rs. */
  health = () => this.#read(health, "GET", "health/status", { also: [503] });

  /** A session's token. 400 "Invalid login" for a wrong password: users.rs `login`. */
  login = (email: string, password: string): Promise<string> =>
    this.#text("POST", "auth/login", { email, password });

  logout = (): Promise<string> => this.#text("POST", "auth/logout");

  /** Of whoever the token belongs to. */
  setPassword = (password: string): Promise<string> =>
    this.#text("POST", "users/setpassword", { password });

  whoAmI = () => this.#read(user, "GET", "users/whoami");

  whoAmIInWorkspace = () => this.#read(member, "GET", this.#w("users/whoami"));

  createToken = (request: NewToken): Promise<string> =>
    this.#text("POST", "users/tokens/create", request);

  /** Of the user whose token this client has. */
  listTokens = (): Promise<WindmillToken[]> =>
    this.#read(z.array(token), "GET", "users/tokens/list?exclude_ephemeral=true&per_page=1000");

  deleteToken = (prefix: string): Promise<string> =>
    this.#text("DELETE", `users/tokens/delete/${encodeURIComponent(prefix)}`);

  workspaceExists = (): Promise<boolean> =>
    this.#read(z.boolean(), "POST", "workspaces/exists", { body: { id: this.workspace } });

  /** `username` only where the instance does not make usernames itself. */
  createWorkspace = (username?: string): Promise<string> =>
    this.#text("POST", "workspaces/create", {
      ...{ id: this.workspace, name: this.workspace },
      ...(username && { username }),
    });

  workspaceSettings = () =>
    this.#read(workspaceSettings, "GET", this.#w("workspaces/get_settings"));

  /** `s3_resource_path` begins with `$res:`. */
  editObjectStorage = (storage: { type: "S3Storage"; s3_resource_path: string }): Promise<string> =>
    this.#text("POST", this.#w("workspaces/edit_large_file_storage_config"), {
      large_file_storage: { ...storage, public_resource: false },
    });

  folderNames = (): Promise<string[]> =>
    this.#read(z.array(z.string()), "GET", this.#w("folders/listnames"));

  createFolder = (name: string, summary: string): Promise<string> =>
    this.#text("POST", this.#w("folders/create"), { name, summary });

  /** With a secret's value. */
  variable = (path: string): Promise<WindmillVariable | undefined> =>
    this.#find(variable, this.#w(`variables/get/${path}?decrypt_secret=true`));

  createVariable = (path: string, request: NewVariable): Promise<string> =>
    this.#text("POST", this.#w("variables/create"), { path, ...request });

  updateVariable = (path: string, change: Partial<NewVariable>): Promise<string> =>
    this.#text("POST", this.#w(`variables/update/${path}`), change);

  /** As it is stored, with its `$var:` and `$res:`. */
  resource = (path: string): Promise<WindmillResource | undefined> =>
    this.#find(resource, this.#w(`resources/get/${path}`));

  createResource = (path: string, request: WindmillResource): Promise<string> =>
    this.#text("POST", this.#w("resources/create"), { path, ...request });

  updateResource = (path: string, value: unknown): Promise<string> =>
    this.#text("POST", this.#w(`resources/update_value/${path}`), { value });

  schedule = (path: string) => this.#find(schedule, this.#w(`schedules/get/${path}`));

  enableSchedule = (path: string): Promise<string> =>
    this.#text("POST", this.#w(`schedules/setenabled/${path}`), { enabled: true });

  flowExists = (path: string): Promise<boolean> =>
    this.#read(z.boolean(), "GET", this.#w(`flows/exists/${path}`));

  /** Starts a job and answers its id; `kind` is `f` for a flow and `p` for a script. */
  startJob = (kind: "f" | "p", path: string, args: Record<string, unknown>): Promise<string> =>
    this.#text("POST", this.#w(`jobs/run/${kind}/${path}`), args);

  scriptExists = (path: string): Promise<boolean> =>
    this.#read(z.boolean(), "GET", this.#w(`scripts/exists/p/${path}`));

  jobEnd = (id: string) =>
    this.#read(jobEnd, "GET", this.#w(`jobs_u/completed/get_result_maybe/${id}`));

  cancelJob = (id: string, reason: string): Promise<string> =>
    this.#text("POST", this.#w(`jobs_u/queue/cancel/${id}`), { reason });

  variableExists = (path: string): Promise<boolean> =>
    this.#read(z.boolean(), "GET", this.#w(`variables/exists/${path}`));

  /** With the variables that it names filled in. */
  resourceValue = (path: string): Promise<unknown> =>
    this.#find(z.unknown(), this.#w(`resources/get_value_interpolated/${path}`));

  /** Those that were heard of in the last five minutes. */
  workers = (): Promise<WindmillWorker[]> =>
    this.#read(z.array(worker), "GET", "workers/list?per_page=1000");

  /** Puts an object into the workspace's storage. */
  writeObject = (key: string, content: Uint8Array): Promise<string> =>
    this.#text("POST", this.#w(`job_helpers/upload_s3_file?${fileKey(key)}`), content);

  readObject = (key: string): Promise<string> =>
    this.#text("GET", this.#w(`job_helpers/download_s3_file?${fileKey(key)}`));

  deleteObject = (key: string): Promise<string> =>
    this.#text("DELETE", this.#w(`job_helpers/delete_s3_file?${fileKey(key)}`));

  readonly #w = (path: string): string => `w/${encodeURIComponent(this.workspace)}/${path}`;

  async #find<Schema extends z.ZodType>(
    schema: Schema,
    path: string,
  ): Promise<z.infer<Schema> | undefined> {
    const answer = await this.#send("GET", path, { also: [404] });
    return answer.status === 404 ? undefined : this.#parse(schema, answer);
  }

  async #read<Schema extends z.ZodType>(
    schema: Schema,
    method: string,
    path: string,
    request: Request = {},
  ): Promise<z.infer<Schema>> {
    return this.#parse(schema, await this.#send(method, path, request));
  }

  async #text(method: string, path: string, body?: unknown): Promise<string> {
    return (await this.#send(method, path, { body })).text;
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
      const response = await fetch(`${this.url}/api/${path}`, {
        method,
        headers: {
          // a kept connection that the server closes at the same moment would be a call without an answer
          connection: "close",
          ...(this.#token && { authorization: `Bearer ${this.#token}` }),
          ...(body !== undefined && { "content-type": isFile ? FILE : "application/json" }),
        },
        ...(body !== undefined && { body: isFile ? Buffer.from(body) : JSON.stringify(body) }),
        // a token must not follow to another address
        redirect: "error",
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

function fileKey(key: string): string {
  return String(new URLSearchParams({ file_key: key }));
}
