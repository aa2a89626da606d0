/** What was thrown, as far as a log may show it: its message can hold prompts, replies and keys. */
export function thrownName(thrown: unknown): string {
  if (!(thrown instanceof Error)) return typeof thrown;
  const { name } = thrown;
  // Whoever throws may have put anything there.
  return typeof name === 'string' && /^[A-Za-z_$][\w$]{0,60}$/.test(name) ? name : 'Error';
}
