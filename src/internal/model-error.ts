import { RouterError, type RouterErrorCode, type RouterErrorDetails } from '../core/errors.js';
import type { ModelRef } from '../core/model.js';
import { nameOf } from './model-name.js';

/** An error about a model: the message begins with its name, and it carries its id and service. */
export function modelError(
  code: RouterErrorCode,
  model: Pick<ModelRef, 'service' | 'id'>,
  what: string,
  details?: RouterErrorDetails,
): RouterError {
  return new RouterError(code, `${nameOf(model)}: ${what}`, { service: model.service, model: model.id, ...details });
}
