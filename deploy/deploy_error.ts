/** What stands in the way of a deployment, in a sentence that says what to do. */
export class DeployError extends Error {
  override readonly name = "DeployError";
}
