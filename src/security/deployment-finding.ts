import type { Service } from '../core/service.js';
import type { PinSet } from '../internal/pin.js';
import { printable } from '../internal/redact.js';
import type { NormalAudit } from './audit-log.js';
import type { NetworkPolicy } from './network-policy.js';

/**
 * One point of the check of a deployment.
 * @public
 */
export interface DeploymentFinding {
  /** Stable name, such as `audit.key`. */
  readonly id: string;
  /** `error`: data may leave, or be readable, as things are; `warning`: weaker than it could be; `info`: fulfilled, or not to be seen from here. */
  readonly severity: 'info' | 'warning' | 'error';
  /** What was found; without values of variables, keys and contents. */
  readonly message: string;
  /** What to do. */
  readonly remedy: string;
}

/**
 * The checklist for closed networks as findings, the most severe first.
 * @public
 */
export interface DeploymentReport {
  /** Whether no finding is an error. */
  readonly ok: boolean;
  /** Every point of the checklist, fulfilled ones too, and what else weakens the deployment. */
  readonly findings: readonly DeploymentFinding[];
}

/** Everything that the check looks at; it asks nobody. */
export interface DeploymentFacts {
  readonly policy: NetworkPolicy;
  readonly audit: NormalAudit | null;
  readonly logQueries: boolean | 'text';
  readonly logResponses: boolean | 'text';
  readonly pins: PinSet;
  /** Whether the host replaced the network. */
  readonly ownFetch: boolean;
  /** Permission bits of the log's directory; `undefined` where there is none yet, or no such bits. */
  readonly directoryMode: number | undefined;
  /** Whether this machine has an IPv6 address by which others reach it. */
  readonly hasIPv6: boolean;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly node: { readonly version: string; readonly restricted: boolean };
  /** `undefined`: not given. */
  readonly services: readonly Service[] | undefined;
}

/** A finding in one line of code; what is fulfilled has no remedy. */
export function finding(
  id: string,
  severity: DeploymentFinding['severity'],
  message: string,
  remedy = 'Nothing.',
): DeploymentFinding {
  return { id, severity, message, remedy };
}

/** The finding of a weakness, where there is one. */
export function findingIf(isWeak: boolean, ...row: Parameters<typeof finding>): readonly DeploymentFinding[] {
  return isWeak ? [finding(...row)] : [];
}

/** A few names, and how many more. */
export function listed(names: readonly string[]): string {
  const shown = names.slice(0, 5).map((name) => printable(name, 80));
  return [...shown, ...(names.length > 5 ? [`and ${names.length - 5} more`] : [])].join(', ');
}
