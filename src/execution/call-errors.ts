import type { Attempt } from '../core/decision.js';
import { RouterError, type RouterErrorCode } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { modelError } from '../internal/model-error.js';
import { nameOf } from '../internal/model-name.js';
import { thrownName } from '../internal/thrown-name.js';

/** Where all attempts failed with one of these, the call does too: the caller can act on it. */
const PASSED_ON: ReadonlySet<RouterErrorCode> = new Set<RouterErrorCode>([
  'ERR_CONTEXT_OVERFLOW',
  'ERR_UNSUPPORTED',
  'ERR_EGRESS_DENIED',
  'ERR_MODEL_MISMATCH',
  'ERR_QUEUE_FULL',
  'ERR_INVALID_REQUEST',
]);

/** What an attempt threw, as an error of ours. */
export function asRouterError(thrown: unknown, model: ModelRef): RouterError {
  if (RouterError.is(thrown)) return thrown;
  return modelError('ERR_BAD_RESPONSE', model, `the attempt threw ${thrownName(thrown)}.`, { cause: thrown });
}

/** The end of a call whose answer had begun. */
export function interruption(
  cause: RouterError,
  model: ModelRef,
  attempts: Attempt[],
  partialText: string,
): RouterError {
  return new RouterError(
    'ERR_INTERRUPTED',
    cause.code === 'ERR_MODEL_MISMATCH'
      ? `${cause.message} Its answer does not count; what had come is in \`partialText\`.`
      : `${nameOf(model)} broke off in the middle of its answer (${cause.code}). What had come is in \`partialText\`, the reason in \`cause\`; ask again for a whole answer.`,
    { cause, attempts, partialText, isRetryable: true, service: model.service, model: model.id },
  );
}

/** An error that ends the call, with what was tried and what had come. */
export function withDetails(error: RouterError, attempts: Attempt[], text: string): RouterError {
  return new RouterError(error.code, error.message, {
    cause: error.cause ?? error,
    isRetryable: error.isRetryable,
    service: error.service,
    model: error.model,
    attempts,
    partialText: text === '' ? undefined : text,
  });
}

/** The end of a call that no model answered. */
export function allFailed(attempts: Attempt[], errors: readonly RouterError[]): RouterError {
  const last = errors.at(-1);
  if (last === undefined) return new RouterError('ERR_NO_MODEL', 'There is no model to try.', { attempts });
  const details = { cause: last, attempts, isRetryable: errors.some((error) => error.isRetryable) };
  if (PASSED_ON.has(last.code) && errors.every((error) => error.code === last.code)) {
    return new RouterError(last.code, last.message, { ...details, contextLimit: last.contextLimit });
  }
  // Of many only the codes: the first reason says what to do where there is nothing else to try.
  const shown = ({ model, code, reason }: Attempt): string =>
    attempts.length === 1 ? `${reason} (${code})` : `${nameOf(model)}: ${code}`;
  const list = attempts.slice(0, 10).map(shown);
  if (attempts.length > list.length) list.push(`and ${attempts.length - list.length} more`);
  return new RouterError(
    'ERR_ALL_ATTEMPTS_FAILED',
    `No model gave an answer. ${list.join('; ')}. All reasons are in \`attempts\`; check that the servers run and are not overloaded.`,
    details,
  );
}
