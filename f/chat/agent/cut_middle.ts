/** Keeps a text's head and tail, and says how much is missing between them. */
export function cutMiddle(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const note = `\n[… ${text.length - maxLength} characters left out …]\n`;
  const kept = Math.max(0, maxLength - note.length);
  const head = Math.ceil(kept * 0.7);
  return text.slice(0, head) + note + text.slice(text.length - (kept - head));
}
