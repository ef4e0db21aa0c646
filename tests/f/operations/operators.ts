import type { Operator } from "../../../f/platform/operator_action.ts";

/** Who runs a script in Windmill, and is nobody's user. */
export const OPERATOR: Operator = {
  userId: null,
  windmillUser: "operator@example.com",
  jobId: "01988888-0000-7000-8000-000000000001",
};
