import { maybeOne, type Tenant } from "../platform/postgres.ts";
import { storableText } from "../platform/storable_text.ts";

export const MAX_VALUE_LENGTH = 500;
const MAX_VARIABLES = 30;
export const VARIABLE_NAME = /^[a-z][a-z0-9_]{0,39}$/;

/** A thing that a contact told us. */
export interface Variable {
  readonly name: string;
  readonly value: string;
}

/** The name, the value or one variable more is not allowed. */
export class VariableRefusedError extends Error {
  override readonly name = "VariableRefusedError";
}

/**
 * Keeps what a contact told us under its name, in place of what stood there. It is data ever after: shown to the
 * model between marks, and handed to no job. Throws VariableRefusedError.
 */
export async function storeVariable(
  tenant: Tenant,
  contactId: string,
  variable: Variable,
): Promise<void> {
  const { name, value } = checked(variable);
  const stored = await maybeOne(
    tenant,
    `update contacts set variables = variables || jsonb_build_object($2::text, $3::text)
     where id = $1 and (variables ? $2 or (select count(*) from jsonb_object_keys(variables)) < $4)
     returning id`,
    [contactId, name, value, MAX_VARIABLES],
  );
  if (!stored) {
    throw new VariableRefusedError(`at most ${MAX_VARIABLES} things are remembered of a customer`);
  }
}

function checked({ name, value }: Variable): Variable {
  // "constructor" fits the pattern, and means something in every object that is made of these names
  if (!VARIABLE_NAME.test(name) || name in Object.prototype) {
    throw new VariableRefusedError(
      "a name is at most 40 lower-case letters, digits and _, such as order_number",
    );
  }
  const text = storableText(value).replace(/\s+/g, " ").trim();
  if (text === "" || text.length > MAX_VALUE_LENGTH) {
    throw new VariableRefusedError(`a value has 1 to ${MAX_VALUE_LENGTH} characters`);
  }
  return { name, value: text };
}
