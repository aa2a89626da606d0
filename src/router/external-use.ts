import type { RouteOptions } from '../core/chat.js';
import type { RoutingDecision } from '../core/decision.js';
import type { ModelRef } from '../core/model.js';
import type { SecurityModule } from '../security/security-module.js';
import { type RouterState, servedModel } from './router-state.js';

/** Whether a call may use models outside the allowed network. Only options can grant it: request data never gets here. */
export interface ExternalUse {
  /** The router permits it and the call grants it. */
  readonly isAllowed: boolean;
  /** For the decision; empty where the call asks for nothing. */
  readonly notes: readonly string[];
}

/** Puts the permission of the router and the grant of the call together. */
export function externalUse(security: SecurityModule, options: RouteOptions | undefined): ExternalUse {
  if (options?.allowExternal !== true) return { isAllowed: false, notes: [] };
  const isAllowed = security.allowsExternal;
  const [may, why] = isAllowed ? ['may', 'and `security` permits'] : ['may not', 'but `security` does not permit'];
  const note = `Models outside the allowed network ${may} be used: this call grants it, ${why} it (\`allowExternal\`).`;
  return { isAllowed, notes: [note] };
}

/** Audits a grant, and that a call was held back for want of the router's permission or of a grant of its own. */
export function recordExternalUse(
  security: SecurityModule,
  { id: call, requirements, selected, rejected }: RoutingDecision,
  options: RouteOptions | undefined,
): void {
  if (requirements.allowExternal) security.recordEscalation({ call, isGranted: true });
  else if (options?.allowExternal) security.recordEscalation({ call, isGranted: false, rule: 'R7' });
  else if (selected === null) {
    const held = rejected.find(({ rule }) => rule === 'remote' || rule === 'locality');
    if (held !== undefined) security.recordEscalation({ call, isGranted: false, rule: held.rule, model: held.model });
  }
}

/** Whether a prompt for this model leaves the allowed network, or may: only the grant of the call lets it be used. */
export function leavesNetwork(state: RouterState, model: ModelRef): boolean {
  const served = servedModel(state, model);
  return served !== undefined && (served.locality === 'external' || served.remote !== 'no');
}
