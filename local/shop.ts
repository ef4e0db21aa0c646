import { SEEDED, seed } from "../db/seed.ts";
import { parseKeySet } from "../f/platform/secrets.ts";
import type { Installation } from "./installation.ts";
import type { PhoneNumber } from "./whatsapp/types.ts";

/** The seeded organization, as the local WhatsApp and the phone page know it. */
export interface Shop {
  name: string;
  chatbotId: string;
  phoneNumber: PhoneNumber;
}

/** Puts the shop into the database, or brings its access token up to date. */
export async function seedShop(databaseUrl: string, installation: Installation): Promise<Shop> {
  const phoneNumber: PhoneNumber = {
    phoneNumberId: "109876543210987",
    displayPhoneNumber: "15550100100",
    businessAccountId: "102290129340398",
    accessToken: installation.whatsappAccessToken,
  };
  await seed(databaseUrl, {
    ...phoneNumber,
    accessToken: {
      value: installation.whatsappAccessToken,
      keys: parseKeySet(installation.credentialsKeys),
    },
  });
  return { name: SEEDED.name, chatbotId: SEEDED.chatbotId, phoneNumber };
}
