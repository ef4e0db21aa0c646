import { expect, it } from "vitest";
import { BlockedNameError, readBlockedName } from "../../../f/operations/blocked_name.ts";

const ID = "0f9619ff-8b86-4d01-8b42-00cf4fc964ff";

it.each([
  [{ contact_id: ID }, { kind: "contact", contactId: ID }],
  [
    { contact_id: "", bsuid: "DE.1349", phone: "" },
    { kind: "bsuid", bsuid: "DE.1349" },
  ],
  [{ bsuid: "US.ENT.1349" }, { kind: "bsuid", bsuid: "US.ENT.1349" }],
  [{ phone: "+49 (151) 23-45" }, { kind: "phone", phone: "491512345", isPrefix: false }],
  [{ phone: "+49*" }, { kind: "phone", phone: "49", isPrefix: true }],
])("reads %j", (given, name) => expect(readBlockedName(given)).toEqual(name));

it.each([
  [{}],
  [{ phone: "491", bsuid: "DE.1" }],
  [{ contact_id: "491" }],
  [{ phone: "*" }],
  [{ phone: "4*9" }],
  [{ bsuid: "1349" }],
])("refuses %j", (given) => expect(() => readBlockedName(given)).toThrow(BlockedNameError));

it("does not repeat what Windmill may have put in a secret's place", () => {
  expect(() => readBlockedName({ phone: "sk-secret" })).toThrow(
    expect.objectContaining({ message: expect.not.stringContaining("sk-secret") }),
  );
});
