import * as v from 'valibot';
import { milliseconds, optional } from './options.js';

/** Time limits as they may stand in a call, a service or the router. */
export const timeoutsSchema = v.strictObject({
  firstContentMs: optional(milliseconds()),
  idleMs: optional(milliseconds()),
  totalMs: optional(milliseconds()),
  connectMs: optional(milliseconds()),
  queueMs: optional(milliseconds()),
});
