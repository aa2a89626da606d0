/** Tying a body to a signal takes a second stream; a reader that ends at the abort by itself can do without it. */

/** What stands behind the body of a guarded reply. */
export interface UntiedReply {
  /** The body as it came; whoever takes it has to cancel it when the signal aborts. */
  take(): ReadableStream<Uint8Array>;
  /** The error of ours for what reading it throws. */
  toError(error: unknown): Error;
}

const UNTIED = Symbol('untied reply');

/** Remembers what stands behind a reply. */
export function setUntied(response: Response, untied: UntiedReply): void {
  (response as { [UNTIED]?: UntiedReply })[UNTIED] = untied;
}

/** What stands behind a reply; `undefined` if it is not guarded or has no body. */
export function untied(response: Response): UntiedReply | undefined {
  return (response as { [UNTIED]?: UntiedReply })[UNTIED];
}
