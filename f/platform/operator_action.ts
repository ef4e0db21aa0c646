import { type Database, one, type Tenant, withTenant } from "./postgres.ts";

/** The actions of role_permissions that a script of ours does. */
export type Action =
  | "take_over_conversation"
  | "give_back_conversation"
  | "block_contact"
  | "unblock_contact"
  | "acknowledge_alert"
  | "upload_document"
  | "delete_document"
  | "approve_tools"
  | "set_credentials"
  | "rotate_credentials"
  | "export_contact"
  | "erase_contact";

/** Who acts: a user, for whom the dashboard asks, or the operator in Windmill. */
export interface Operator {
  /** null: the operator, who is nobody's user and may do everything */
  readonly userId: string | null;
  readonly windmillUser: string;
  readonly jobId: string | null;
}

/** The user's role does not allow the action, or the user is not one of this organization. */
export class NotPermittedError extends Error {
  override readonly name = "NotPermittedError";
  readonly userId: string;
  readonly action: Action;

  constructor(userId: string, action: Action) {
    super(
      `The user ${userId} may not ${action}: see role_permissions, and the user's role and organization in users.`,
    );
    this.userId = userId;
    this.action = action;
  }
}

/** An empty field of a Windmill form is an empty string. */
export function operatorOfJob(userId?: string, env: NodeJS.ProcessEnv = process.env): Operator {
  return {
    userId: userId || null,
    windmillUser: env.WM_EMAIL || env.WM_USERNAME || "",
    jobId: env.WM_JOB_ID || null,
  };
}

/** Throws NotPermittedError. */
export async function authorize(tenant: Tenant, operator: Operator, action: Action): Promise<void> {
  if (operator.userId === null) return;
  const { is_permitted } = await one<{ is_permitted: boolean }>(
    tenant,
    "select is_permitted($1, $2)",
    [operator.userId, action],
  );
  if (!is_permitted) throw new NotPermittedError(operator.userId, action);
}

/** What somebody does, and to which row. */
export interface OperatorAction {
  readonly operator: Operator;
  readonly action: Action;
  readonly subject: { readonly table: string; readonly id: string };
}

/**
 * Runs `change` in one transaction, before which the operator's right to the action is asked. `change` calls `record`
 * for the line in the audit log, when there was something to change. Throws NotPermittedError.
 */
export function actOn<Result>(
  database: Database,
  organizationId: string,
  { operator, action, subject }: OperatorAction,
  change: (
    tenant: Tenant,
    record: (details?: Readonly<Record<string, unknown>>) => Promise<void>,
  ) => Promise<Result>,
): Promise<Result> {
  return withTenant(database, organizationId, async (tenant) => {
    await authorize(tenant, operator, action);
    return change(tenant, (details) => recordAction(tenant, operator, action, subject, details));
  });
}

/** In the transaction of the change itself: neither stands without the other. Details hold no secret, name or number. */
export async function recordAction(
  tenant: Tenant,
  operator: Operator,
  action: Action,
  subject: { readonly table: string; readonly id: string },
  details: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  await tenant.query(
    `insert into audit_log
       (organization_id, action, user_id, windmill_user, job_id, subject_table, subject_id, details)
     values ($1, $2, $3, $4, $5, $6, $7, $8)`,
    [
      tenant.organizationId,
      action,
      operator.userId,
      operator.windmillUser,
      operator.jobId,
      subject.table,
      subject.id,
      JSON.stringify(details),
    ],
  );
}
