/** What was thrown, as far as a log may show it: its message can hold prompts, replies and keys. */
export function thrownName(thrown: unknown): string {
  return thrown instanceof Error ? thrown.name : typeof thrown;
}
