import { RouterError } from '../core/errors.js';
import { shownValue } from '../internal/redact.js';

const NAME = /^[A-Za-z][A-Za-z0-9]*(?:[._:-][A-Za-z0-9]+)*$/;
const OURS = /^(?:audit|attempt|egress|escalation|pin|policy)\.|^query$/;
const FRAME = new Set(['v', 'seq', 't', 'mono', 'run', 'event', 'prev', 'h', 'mac']);
const SECRET = /key|token|secret|password|credential|authorization|cookie|prompt/i;
const MAX_NAME = 64;
const MAX_FIELDS = 16;

/** The fields of a host's event as they are recorded. Throws `ERR_INVALID_REQUEST` for what could be taken for a record of ours. */
export function checkHostEvent(
  event: string,
  fields: Readonly<Record<string, string | number | boolean>>,
): Record<string, string | number | boolean> {
  if (typeof event !== 'string' || event.length > MAX_NAME || !NAME.test(event) || OURS.test(event)) {
    throw invalid(
      `the event ${shownValue('', event)}`,
      'use a name such as "login.failed", not one that begins like ours',
    );
  }
  if (typeof fields !== 'object' || fields === null) throw invalid('fields that are no object', 'use { name: value }');
  const names = Object.keys(fields);
  if (names.length > MAX_FIELDS) throw invalid(`${names.length} fields`, `use at most ${MAX_FIELDS}`);
  const checked: Record<string, string | number | boolean> = {};
  for (const name of names) {
    const value = fields[name];
    if (name.length > MAX_NAME || !NAME.test(name) || FRAME.has(name)) {
      throw invalid(
        `the field ${shownValue('', name)}`,
        'use letters and digits, and none of the names that every record has',
      );
    }
    if (typeof value !== 'string' && typeof value !== 'boolean' && !Number.isFinite(value)) {
      throw invalid(`the field ${name}`, 'use a text, a finite number, true or false as its value');
    }
    checked[name] = typeof value === 'string' && SECRET.test(name) ? '(hidden)' : (value as string | number | boolean);
  }
  return checked;
}

function invalid(what: string, fix: string): RouterError {
  return new RouterError('ERR_INVALID_REQUEST', `logSecurityEvent: got ${what}; ${fix}.`);
}
