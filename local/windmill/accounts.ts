import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { writeFileAtomically } from "./write_file.ts";

/** With whom every Windmill begins: migrations/20220123221903_first.up.sql. */
export const ADMIN_EMAIL = "admin@windmill.dev";
const FIRST_PASSWORD = "changeme";
/** Windmill: TOKEN_PREFIX_LEN, what lists show of a token. */
const PREFIX_LENGTH = 10;

const tokenSchema = z.object({
  token: z.string(),
  email: z.string(),
  label: z.string().nullable(),
  /** null: everything that its user may. */
  scopes: z.array(z.string()).nullable(),
  /** null: every workspace, and what belongs to none. */
  workspaceId: z.string().nullable(),
});
const fileSchema = z.object({ password: z.string(), tokens: z.array(tokenSchema) });

export type Token = z.infer<typeof tokenSchema>;

export interface AccountsOptions {
  /** Of the admin, and valid from the start; none in a Windmill that nobody has opened yet. */
  adminToken?: string;
  /** Of somebody who is no admin. */
  memberToken?: string;
  /** As deploying makes one for the ingress: of the admin, for one workspace, and to start flows of f/chat only. */
  ingressToken?: { token: string; workspaceId: string };
}

/** The users' tokens and the admin's password, in one file of the data dir. */
export class Accounts {
  readonly #file: string;
  readonly #given: Token[];
  #password: string;
  #tokens: Token[];

  constructor(dataDir: string, { adminToken, memberToken, ingressToken }: AccountsOptions) {
    this.#file = join(dataDir, "accounts.json");
    this.#given = [
      ...(adminToken === undefined ? [] : [unscoped(adminToken, ADMIN_EMAIL)]),
      ...(memberToken === undefined ? [] : [unscoped(memberToken, "member@example.com")]),
      ...(ingressToken === undefined ? [] : [toStartFlows(ingressToken)]),
    ];
    const saved = existsSync(this.#file)
      ? fileSchema.parse(JSON.parse(readFileSync(this.#file, "utf8")))
      : // where a token is given, somebody has been here and has changed the password
        { password: adminToken ? drawn() : FIRST_PASSWORD, tokens: [] };
    this.#password = saved.password;
    this.#tokens = saved.tokens;
  }

  find(token: string): Token | undefined {
    return [...this.#given, ...this.#tokens].find((known) => known.token === token);
  }

  /** A session's token, or undefined for a wrong password. */
  login(email: string, password: string): string | undefined {
    if (email !== ADMIN_EMAIL || password !== this.#password) return undefined;
    return this.add({ email, label: "session", scopes: null, workspaceId: null });
  }

  setPassword(password: string): void {
    this.#password = password;
    this.#save();
  }

  add(token: Omit<Token, "token">): string {
    const added = { ...token, token: drawn() };
    this.#tokens.push(added);
    this.#save();
    return added.token;
  }

  /** False when there is none. */
  remove(email: string, prefix: string): boolean {
    const isMeant = (token: Token) => token.email === email && token.token.startsWith(prefix);
    const left = this.#tokens.filter((token) => !isMeant(token));
    const isRemoved = left.length < this.#tokens.length;
    this.#tokens = left;
    this.#save();
    return isRemoved;
  }

  listOf(email: string) {
    return [...this.#given, ...this.#tokens]
      .filter((token) => token.email === email)
      .map(({ token, label, scopes, workspaceId }) => ({
        label,
        token_prefix: token.slice(0, PREFIX_LENGTH),
        scopes,
        workspace_id: workspaceId,
      }));
  }

  #save(): void {
    writeFileAtomically(
      this.#file,
      JSON.stringify({ password: this.#password, tokens: this.#tokens }),
    );
  }
}

const drawn = () => randomBytes(16).toString("hex");

function toStartFlows(token: { token: string; workspaceId: string }): Token {
  const scopes = ["jobs:run:flows:f/chat/*"];
  return { ...token, email: ADMIN_EMAIL, label: "ingress", scopes };
}

function unscoped(token: string, email: string): Token {
  return { token, email, label: null, scopes: null, workspaceId: null };
}
