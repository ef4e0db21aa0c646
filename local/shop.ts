import { encryptCredential, parseKeySet } from "../f/platform/secrets.ts";
import type { Installation } from "./installation.ts";
import type { Queryable } from "./query.ts";
import type { PhoneNumber } from "./whatsapp/types.ts";

export interface Shop {
  name: string;
  chatbotId: string;
  phoneNumber: PhoneNumber;
}

const ORG = "00000000-0000-4000-8000-000000000001";
const BOT = "00000000-0000-4000-8000-000000000002";

export async function seedShop(admin: Queryable, installation: Installation): Promise<Shop> {
  const token = encryptCredential(
    parseKeySet(installation.credentialsKeys),
    { organizationId: ORG, credentialId: BOT },
    installation.whatsappAccessToken,
  );
  await admin.query(
    "insert into organizations (id,name,slug) values ($1,'Aurora Bikes','aurora-bikes') on conflict do nothing",
    [ORG],
  );
  await admin.query(
    "insert into chatbots (id,organization_id,name,phone_number_id,display_phone_number,whatsapp_access_token,system_prompt) values ($2,$1,'Aurora Bikes','109876543210987','15550100100',$3,'You are the assistant of Aurora Bikes.') on conflict do nothing",
    [ORG, BOT, token],
  );
  return {
    name: "Aurora Bikes",
    chatbotId: BOT,
    phoneNumber: {
      phoneNumberId: "109876543210987",
      displayPhoneNumber: "15550100100",
      businessAccountId: "102290129340398",
      accessToken: installation.whatsappAccessToken,
    },
  };
}
