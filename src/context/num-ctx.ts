/** Smallest context that is asked for: shorter ones save little memory and cost a reload as soon as a conversation grows. */
const SMALLEST = 4096;

/**
 * The `num_ctx` to send to Ollama. The value in force when it suffices, for Ollama reloads a model whenever another one is
 * asked for; else the next power of two from 4096 on, at most `max`.
 */
export function chooseNumCtx(o: {
  /** Tokens of prompt and answer together. */
  readonly needed: number;
  /** The context that the loaded model has now, in tokens. */
  readonly inForce?: number | undefined;
  /** The most that the model may be loaded with, in tokens. */
  readonly max: number;
}): number {
  if (o.inForce !== undefined && o.inForce >= o.needed) return o.inForce;
  let step = SMALLEST;
  while (step < o.needed && step < o.max) step *= 2;
  return Math.min(step, o.max);
}
