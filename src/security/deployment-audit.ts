import type { NormalAudit } from './audit-log.js';
import { type DeploymentFacts, type DeploymentFinding, finding, findingIf } from './deployment-finding.js';

/** What is recorded, and how safely. */
export function auditFindings({
  audit,
  logQueries,
  logResponses,
  directoryMode = 0,
}: DeploymentFacts): DeploymentFinding[] {
  const isWritable = (directoryMode & 0o022) !== 0;
  return [
    ...(audit === null ? logOff() : logOn(audit)),
    logQueries === 'text'
      ? finding('audit.queries', 'error', 'Queries are recorded as text.', `Set \`logQueries\` to true. ${GIVE_KEY}`)
      : logQueries && audit?.key
        ? finding('audit.queries', 'info', 'Queries are recorded as keyed hashes, not as text.')
        : finding(
            'audit.queries',
            'warning',
            'Queries are not recorded, not even as hashes.',
            `Leave \`logQueries\` on. ${GIVE_KEY}`,
          ),
    ...findingIf(
      (directoryMode & 0o077) !== 0,
      'audit.directory',
      isWritable ? 'error' : 'warning',
      `Others may ${isWritable ? 'write into' : 'look into'} the directory of the audit log.`,
      'Make it 0700 (`chmod 700`).',
    ),
    ...findingIf(
      logResponses === 'text',
      'audit.responses',
      'error',
      'Replies are recorded as text.',
      'Set `logResponses` to true or leave it out.',
    ),
  ];
}

const GIVE_KEY = 'Give `audit.key`, 32 random bytes or a function that fetches them.';

function logOff(): DeploymentFinding[] {
  const remedy = 'Remove audit: false, and name a directory: audit: { directory, key }.';
  const off = (id: string, what: string) => finding(id, 'warning', `${what}: the audit log is off.`, remedy);
  return [
    finding('audit.enabled', 'error', 'The audit log is off.', remedy),
    off('audit.usage', 'The use of models is not recorded'),
    off('audit.events', 'Security events are not recorded'),
    off('access.logged', 'Attempts to use a model are not recorded'),
    off('audit.retention', 'Nothing is kept'),
  ];
}

function logOn({ directory, sinks, key, block, retainSegments, rotateBytes }: NormalAudit): DeploymentFinding[] {
  return [
    directory === null && sinks.length === 0
      ? finding(
          'audit.enabled',
          'warning',
          'The audit log is in memory only: the newest 1000 records, until the process ends.',
          'Name a directory: audit: { directory, key }.',
        )
      : finding(
          'audit.enabled',
          'info',
          `The audit log is kept in ${directory === null ? 'sinks of the host' : 'files'}; ${block ? 'what cannot be recorded is not sent' : 'calls go on while it cannot be written'}.`,
          block ? undefined : 'With audit: { onFailure: "block" } nothing is sent unrecorded.',
        ),
    finding('audit.usage', 'info', 'Each attempt is recorded with model, service, duration and outcome.'),
    finding(
      'audit.events',
      'info',
      'Refused addresses, connections, failed pins and policies are recorded.',
      'Add those of your application with `logSecurityEvent`.',
    ),
    finding(
      'access.logged',
      'info',
      'What the router sends or refuses is recorded; what other clients send is not.',
      'Switch on the access log of the servers, or of a proxy before them.',
    ),
    directory !== null && retainSegments === Number.POSITIVE_INFINITY
      ? finding(
          'audit.retention',
          'warning',
          `Segments of ${rotateBytes} bytes are never removed, so the disk fills up.`,
          'Set `audit.retainSegments` to what you must keep.',
        )
      : finding(
          'audit.retention',
          'info',
          'What is kept is bounded.',
          'Check that it is as long as your rules ask for.',
        ),
    key === null
      ? finding(
          'audit.key',
          'warning',
          'The audit log has no key: its chain shows accidents, but can be forged.',
          GIVE_KEY,
        )
      : finding(
          'audit.key',
          'info',
          `The audit log has a key${typeof key === 'function' ? ', fetched by a function' : ''}; where it is kept cannot be seen from here.`,
          'Keep it away from the log, in a file that only its owner reads (mode 0600).',
        ),
  ];
}

/** What the runtime itself could keep in. */
export function runtimeFindings({ node: { version, restricted } }: DeploymentFacts): DeploymentFinding[] {
  const major = Number.parseInt(version.replace(/^v/, ''), 10);
  const flag = major >= 24 ? '--permission' : '--experimental-permission';
  const network =
    major >= 25 ? 'without `--allow-net` nothing is reached at all' : 'from Node.js 25 it covers the network too';
  return [
    finding(
      'runtime.permissions',
      'info',
      `Node.js ${version} runs ${restricted ? 'with' : 'without'} its permission model.`,
      restricted ? undefined : `Start with \`node ${flag}\` and allow the folders that are needed; ${network}.`,
    ),
  ];
}
