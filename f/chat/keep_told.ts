import type { Tenant } from "../platform/postgres.ts";
import { storeVariable, VariableRefusedError } from "./contact_variables.ts";
import type { ContextPayload } from "./context.ts";
import { toldVariables } from "./told_variables.ts";

/** Keeps what the turn's messages say of the contact in plain sight: no model has to think of it. */
export async function keepTold(
  tenant: Tenant,
  { contact, messages }: Pick<ContextPayload, "contact" | "messages">,
): Promise<void> {
  for (const variable of toldVariables(messages.map(({ body }) => body))) {
    try {
      await storeVariable(tenant, contact.id, variable);
    } catch (error) {
      // a full memory is no reason not to answer
      if (!(error instanceof VariableRefusedError)) throw error;
      console.warn(error.message);
    }
  }
}
