/** Unix time in milliseconds as a phone's clock shows it. */
export function timeOf(milliseconds: number): string {
  return new Date(milliseconds).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" });
}
