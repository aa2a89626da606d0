import type { ResponseFormat } from '../core/chat.js';
import type { ModelRef, ServedModel } from '../core/model.js';
import { printable } from '../internal/redact.js';
import { SERVICE_SPECS } from '../services/registry.js';
import type { RouterState } from './router-state.js';

/** What to know of the form that was asked for: some servers take `json_object` and let the model write what it likes. */
export function formNote({ type }: ModelRef, format: ResponseFormat | undefined): string | undefined {
  if (format?.type !== 'json_object') return undefined;
  const spec = SERVICE_SPECS.find((entry) => entry.type === type);
  return spec?.looseJson === true
    ? `${spec.name} does not enforce json_object: ask for JSON in the prompt, and check the answer.`
    : undefined;
}

/**
 * The model that answered in the place of the one that was asked, as LM Studio lets one do. Only a name that the service
 * lists for another model counts: many servers name a file, an alias or their backend in the reply.
 */
export function otherModel(
  { parts }: RouterState,
  model: ModelRef,
  named: string | undefined,
): ServedModel | undefined {
  if (named === undefined || named === model.id) return undefined;
  const listed = parts.discovery
    .models()
    .filter((entry) => entry.service === model.service && (entry.id === named || entry.aliases?.includes(named)));
  const [other] = listed;
  return listed.length === 1 && other?.id !== model.id ? other : undefined;
}

/** The same in words. */
export function otherModelNote(model: ModelRef, other: ServedModel): string {
  return `${model.service} answered with ${printable(other.id, 120)}, not with ${printable(model.id, 120)}: load the model that is asked for, or name another.`;
}
