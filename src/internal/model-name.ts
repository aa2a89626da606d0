import type { ModelRef } from '../core/model.js';
import { printable } from './redact.js';

/** One model at one service as one text, for maps. */
export function refKey({ service, id }: Pick<ModelRef, 'service' | 'id'>): string {
  return `${service}\n${id}`;
}

/** How a model is named in a message. */
export function nameOf(model: Pick<ModelRef, 'service' | 'id'>): string {
  return `Model "${printable(model.id, 100)}" at ${printable(model.service, 100)}`;
}
