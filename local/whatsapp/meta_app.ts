/** The app in Meta's dashboard: what it may do, and which webhooks it gets. Tests change it as an operator does there. */
export interface MetaApp {
  readonly id: string;
  readonly name: string;
  /** Where its webhooks go; undefined until somebody has entered it. */
  callbackUrl: string | undefined;
  /** The webhook's fields that are subscribed. */
  readonly fields: Set<string>;
  /** The business accounts whose webhooks it gets. */
  readonly subscribedAccounts: Set<string>;
  /** Of the numbers' tokens. */
  scopes: string[];
  /** Of the numbers' tokens, in unix seconds; 0 is never. */
  tokenExpiresAt: number;
}

/** Set up as README says. */
export function makeMetaApp(businessAccountIds: Iterable<string>): MetaApp {
  return {
    id: "634974688087057",
    name: "Local shop",
    callbackUrl: undefined,
    fields: new Set(["messages", "user_id_update", "smb_message_echoes"]),
    subscribedAccounts: new Set(businessAccountIds),
    scopes: ["whatsapp_business_management", "whatsapp_business_messaging"],
    tokenExpiresAt: 0,
  };
}
