import * as z from "zod/v4";

/** Whom to block or unblock: one contact, an id of WhatsApp's, a number, or all numbers that begin so. */
export type BlockedName =
  | { readonly kind: "contact"; readonly contactId: string }
  | { readonly kind: "bsuid"; readonly bsuid: string }
  | { readonly kind: "phone"; readonly phone: string; readonly isPrefix: boolean };

/** Nobody was named, or more than one, or not in the form of an id or a number. */
export class BlockedNameError extends Error {
  override readonly name = "BlockedNameError";

  // without what was given: Windmill may have put a secret in its place
  constructor(what: string, options?: ErrorOptions) {
    super(
      `${what} Give a contact_id, or a bsuid such as DE.123, or a phone number with its country code; 49* means all that begin with 49.`,
      options,
    );
  }
}

const contactId = z.uuid();
/** Meta: a country, a dot and up to 128 characters; ENT. in between for linked portfolios. */
const bsuid = z.string().regex(/^[A-Z]{2}\.[A-Za-z0-9.]{1,135}$/);
const phone = z.string().regex(/^\+?[0-9]{1,15}\*?$/);

/** Reads the three arguments of which exactly one is filled in. Throws BlockedNameError. */
export function readBlockedName(given: {
  contact_id?: string | undefined;
  bsuid?: string | undefined;
  phone?: string | undefined;
}): BlockedName {
  const filled = Object.entries(given).filter(([, value]) => value);
  if (filled.length !== 1) throw new BlockedNameError(`${filled.length} names were given.`);
  if (given.contact_id) {
    return { kind: "contact", contactId: read(contactId, given.contact_id, "contact_id") };
  }
  if (given.bsuid) return { kind: "bsuid", bsuid: read(bsuid, given.bsuid, "bsuid") };
  const number = read(phone, (given.phone ?? "").replace(/[\s()-]/g, ""), "phone");
  const isPrefix = number.endsWith("*");
  return { kind: "phone", phone: number.replace(/[+*]/g, ""), isPrefix };
}

function read(schema: z.ZodType<string>, value: string, name: string): string {
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new BlockedNameError(`${name} has another form.`);
  return parsed.data;
}
