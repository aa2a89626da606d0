import { type DeploymentFacts, type DeploymentFinding, finding, NOTHING } from './deployment-finding.js';

/** What is recorded, and how safely. */
export function auditFindings({
  audit,
  logQueries,
  logResponses,
  directoryMode,
}: DeploymentFacts): DeploymentFinding[] {
  const on = audit !== null;
  const off = (id: string, what: string) => finding(id, 'warning', `${what}: the audit log is off.`, LOG_ON);
  const hashes = on && audit.key !== null;
  const findings = [
    !on
      ? finding('audit.enabled', 'error', 'The audit log is off.', LOG_ON)
      : audit.directory === null && audit.sinks.length === 0
        ? finding(
            'audit.enabled',
            'warning',
            'The audit log is in memory only: the newest 1000 records, until the process ends.',
            'Name a directory: audit: { directory, key }.',
          )
        : finding(
            'audit.enabled',
            'info',
            `The audit log is kept in ${audit.directory === null ? 'sinks of the host' : 'files'}; ${audit.block ? 'what cannot be recorded is not sent' : 'calls go on while it cannot be written'}.`,
            audit.block ? NOTHING : 'With audit: { onFailure: "block" } nothing is sent unrecorded.',
          ),
    logQueries === 'text'
      ? finding(
          'audit.queries',
          'error',
          'Queries are recorded as text.',
          'Set `logQueries` to true and give `audit.key`.',
        )
      : !on || !hashes || logQueries === false
        ? finding(
            'audit.queries',
            'warning',
            'Queries are not recorded, not even as hashes.',
            'Give `audit.key`, 32 random bytes or a function that fetches them, and leave `logQueries` on.',
          )
        : finding('audit.queries', 'info', 'Queries are recorded as keyed hashes, not as text.', NOTHING),
    on
      ? finding('audit.usage', 'info', 'Each attempt is recorded with model, service, duration and outcome.', NOTHING)
      : off('audit.usage', 'The use of models is not recorded'),
    on
      ? finding(
          'audit.events',
          'info',
          'Refused addresses, connections, failed pins and policies are recorded.',
          'Record events of your application with `logSecurityEvent`.',
        )
      : off('audit.events', 'Security events are not recorded'),
    on
      ? finding(
          'access.logged',
          'info',
          'Every request that the router sends or refuses is recorded; what other clients send is not.',
          'Switch on the access log of the model servers, or of the proxy before them.',
        )
      : off('access.logged', 'Attempts to use a model are not recorded'),
    !on
      ? off('audit.retention', 'Nothing is kept')
      : audit.directory !== null && audit.retainSegments === Number.POSITIVE_INFINITY
        ? finding(
            'audit.retention',
            'warning',
            `Segments of ${audit.rotateBytes} bytes are never removed, so the disk fills up.`,
            'Set `audit.retainSegments` to what you must keep.',
          )
        : finding(
            'audit.retention',
            'info',
            'What is kept is bounded.',
            'Check that it is as long as your rules ask for.',
          ),
  ];
  if (on && audit.key === null) {
    findings.push(
      finding(
        'audit.key',
        'warning',
        'The audit log has no key: its chain shows accidents, but anyone who writes the files can forge it.',
        'Give `audit.key`, 32 random bytes or a function that fetches them.',
      ),
    );
  } else if (on) {
    findings.push(
      finding(
        'audit.key',
        'info',
        `The audit log has a key${typeof audit.key === 'function' ? ', fetched by a function' : ''}; where it is kept cannot be seen from here.`,
        'Keep it outside the directory of the log, and a file readable by its owner only (mode 0600).',
      ),
    );
  }
  if (directoryMode !== undefined && (directoryMode & 0o077) !== 0) {
    findings.push(
      finding(
        'audit.directory',
        (directoryMode & 0o022) !== 0 ? 'error' : 'warning',
        `Others may ${(directoryMode & 0o022) !== 0 ? 'write into' : 'look into'} the directory of the audit log.`,
        'Make it 0700 (`chmod 700`).',
      ),
    );
  }
  if (logResponses === 'text') {
    findings.push(
      finding(
        'audit.responses',
        'error',
        'Replies are recorded as text.',
        'Set `logResponses` to true or leave it out.',
      ),
    );
  }
  return findings;
}

const LOG_ON = 'Remove audit: false, and name a directory: audit: { directory, key }.';

/** What the runtime itself could keep in. */
export function runtimeFindings({ node }: DeploymentFacts): DeploymentFinding[] {
  const major = Number.parseInt(node.version.replace(/^v/, ''), 10);
  const flag = major >= 24 ? '--permission' : '--experimental-permission';
  const remedy =
    major >= 25
      ? 'Start with `node --permission` and allow the folders that are needed; without `--allow-net` nothing is reached at all.'
      : `Start with \`node ${flag}\` and allow the folders that are needed; from Node.js 25 it covers the network too.`;
  return [
    node.restricted
      ? finding('runtime.permissions', 'info', `Node.js ${node.version} runs with its permission model.`, NOTHING)
      : finding('runtime.permissions', 'info', `Node.js ${node.version} runs without its permission model.`, remedy),
  ];
}
