/** What is no sentence, in words: what a model reads and what stands in the conversation. */

export function positionText(position: {
  readonly latitude?: number | undefined;
  readonly longitude?: number | undefined;
  readonly name?: string | undefined;
  readonly address?: string | undefined;
}): string {
  const { latitude, longitude, name, address } = position;
  const point =
    latitude === undefined || longitude === undefined ? "" : `(${latitude}, ${longitude})`;
  return [[name, address].filter(Boolean).join(", "), point].filter(Boolean).join(" ");
}

export interface OrderItem {
  readonly product_retailer_id: string;
  readonly quantity: number;
  readonly item_price?: number | undefined;
  readonly currency: string;
}

export function orderText(
  order: { readonly text: string; readonly product_items: readonly OrderItem[] } | undefined,
): string {
  if (order === undefined) return "";
  const items = order.product_items.map(
    ({ quantity, product_retailer_id, item_price, currency }) =>
      `${quantity} × ${product_retailer_id}` +
      (item_price === undefined ? "" : ` at ${item_price} ${currency}`.trimEnd()),
  );
  return [...items, order.text].filter(Boolean).join("\n");
}

/** The token is the form's own affair; Meta's other fields of it begin the same way. */
const OWN_AFFAIR = /^flow_/;

/**
 * The answers to a form (a WhatsApp Flow), one a line. They come as a string that should hold JSON; one that does
 * not is shown as it is.
 */
export function replyText(responseJson: string): string {
  let answers: unknown;
  try {
    answers = JSON.parse(responseJson);
  } catch {
    return responseJson;
  }
  if (typeof answers !== "object" || answers === null) return responseJson;
  return Object.entries(answers)
    .filter(([name]) => !OWN_AFFAIR.test(name))
    .map(
      ([name, answer]) =>
        `${name}: ${typeof answer === "string" ? answer : JSON.stringify(answer)}`,
    )
    .join("\n");
}
