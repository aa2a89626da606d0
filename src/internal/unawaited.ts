/** A host's promise that nobody waits for must not end the process when it rejects. */
export function unawaited(value: unknown, failed: (error: unknown) => void = () => {}): void {
  if (value instanceof Promise) value.catch(failed);
}
