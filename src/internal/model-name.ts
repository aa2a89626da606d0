import type { ModelRef } from '../core/model.js';
import { printable } from './redact.js';

/** How a model is named in a message. */
export function nameOf(model: ModelRef): string {
  return `Model "${printable(model.id, 100)}" at ${printable(model.service, 100)}`;
}
