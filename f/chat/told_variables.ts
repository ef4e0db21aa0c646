import type { Variable } from "./contact_variables.ts";

/** RFC 5321: 64 characters before the @ and 255 after it. The bounds also keep a long line from being tried for ever. */
const EMAIL =
  /(?<![\w.+-])[a-z0-9][\w.+-]{0,63}@[a-z0-9](?:[a-z0-9-]{0,62}\.){1,4}[a-z]{2,24}(?![\w-])/gi;

/** A word for an order, a sign that a number follows, and what looks like one: "order no. 2024-117", "Pedido #A1234". */
const ORDER_NUMBER =
  /\b(?:order|bestellung|auftrag|pedido|commande|ordine|bestell|auftrags)[ -]?(?:number|no\.?|nr\.?|nummer|número|numero|n°|#|:)[ :#]{0,3}(?=[a-z-]{0,24}\d)([a-z0-9][a-z0-9-]{2,23})(?![\w-])/gi;

/** Beyond it nobody writes an address by hand. */
const MAX_READ = 4_000;

/** What a contact's own words say of themselves, without a model: the last e-mail address and order number. */
export function toldVariables(texts: readonly string[]): Variable[] {
  const said = texts.join("\n").slice(0, MAX_READ);
  const email = [...said.matchAll(EMAIL)].at(-1)?.[0];
  const order = [...said.matchAll(ORDER_NUMBER)].at(-1)?.[1];
  return [
    ...(email === undefined ? [] : [{ name: "email", value: email.toLowerCase() }]),
    ...(order === undefined ? [] : [{ name: "order_number", value: order.toUpperCase() }]),
  ];
}
