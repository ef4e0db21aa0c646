/**
 * Runs `assertion` again and again until it passes, and resolves with what it returned.
 * Past the deadline it rejects with the last failure, so the test says what was still wrong. The deadline is for
 * what hangs: no machine is so slow that it should meet it.
 */
export async function eventually<Result>(
  assertion: () => Result | Promise<Result>,
  { withinMs = 90_000, everyMs = 25 }: { withinMs?: number; everyMs?: number } = {},
): Promise<Result> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await assertion();
    } catch (error) {
      if (Date.now() >= deadline) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}
