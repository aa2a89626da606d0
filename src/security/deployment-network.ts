import { type DeploymentFacts, type DeploymentFinding, finding, findingIf, listed } from './deployment-finding.js';
import { type IpRange, isInternal, rangeText } from './ip-address.js';

const INTERNAL_NAME = /^[^.]+$|(?:^|\.)(?:localhost|local|lan|home|internal|intranet|corp|private|test|home\.arpa)$/;

/** What the policy allows, and what it cannot see. */
export function networkFindings({ policy, ownFetch, hasIPv6 }: DeploymentFacts): DeploymentFinding[] {
  const { layers } = policy;
  const external = layers.every(({ allowExternal }) => allowExternal);
  // Each layer has complete lists; the last is what was asked for last.
  const { hosts, ranges: blocks } = layers.at(-1) as (typeof layers)[number];
  const ranges = [...hosts.ranges, ...blocks];
  const names = [...hosts.names, ...hosts.suffixes.map((suffix) => `*${suffix}`), ...(hosts.everyName ? ['*'] : [])];
  const outside = ranges.filter((range) => !isInternal(range)).map(rangeText);
  const openNames = names.filter((name) => name === '*' || !INTERNAL_NAME.test(name));
  const sixes = ranges.filter(({ bytes, prefix }: IpRange) => bytes.length === 16 && prefix < 128);
  return [
    finding(
      'network.dns',
      'info',
      `Only these names are looked up: ${listed(names) || 'none'}. Whether that asks a server outside cannot be seen from here.`,
      'Check that no public name resolves here (`getent hosts example.com`), or list addresses.',
    ),
    finding(
      'network.firewall',
      'info',
      'Whether a firewall stops everything else cannot be seen from here.',
      'Deny outgoing traffic by default, for the model servers too; allow only their addresses.',
    ),
    outside.length > 0
      ? finding(
          'network.ranges',
          'error',
          `Allowed blocks hold addresses on the internet: ${listed(outside)}.`,
          'List small internal blocks only (`allowedCidrs`, `allowedHosts`).',
        )
      : finding(
          'network.ranges',
          'info',
          `Only internal addresses are allowed: ${listed(ranges.map(rangeText))}.`,
          'Narrow `allowedCidrs` to your servers.',
        ),
    finding(
      'network.ipv6',
      'info',
      `This machine has ${hasIPv6 ? 'an' : 'no'} IPv6 address for others; the policy allows ${listed(sixes.map(rangeText)) || 'no IPv6 network'}.`,
      'Unless IPv6 is needed, leave it out of `allowedCidrs` and switch it off.',
    ),
    ...findingIf(
      external,
      'network.external',
      hosts.everyName ? 'error' : 'warning',
      hosts.everyName
        ? 'Every name may lead to the internet: `allowExternal` is on and `allowedHosts` has "*".'
        : 'Listed names may lead to the internet where a call grants it: `allowExternal` is on.',
      'Remove `allowExternal`, or list only the few names that need it.',
    ),
    ...findingIf(
      openNames.length > 0,
      'network.hosts',
      'warning',
      `These names look public, and looking them up asks DNS: ${listed(openNames)}.`,
      'List internal names, or addresses.',
    ),
    ...findingIf(
      ownFetch,
      'network.fetch',
      'warning',
      'The host replaced the network (`fetch`): addresses are checked, where connections lead is not.',
      'Leave `fetch` to tests.',
    ),
  ];
}

const PROXIES = [
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'ALL_PROXY',
  'http_proxy',
  'https_proxy',
  'all_proxy',
  'NODE_USE_ENV_PROXY',
];
const VENDORS = /^(?:OPENAI_|AZURE_OPENAI_|ANTHROPIC_|GEMINI_|OLLAMA_(?:HOST|API_KEY)$)/;

/** What variables of this process weaken; only their names are told. */
export function environmentFindings({ env }: DeploymentFacts): DeploymentFinding[] {
  const proxies = PROXIES.filter((name) => env[name]);
  if (/--use-env-proxy\b/.test(env['NODE_OPTIONS'] ?? '')) proxies.push('NODE_OPTIONS (--use-env-proxy)');
  const vendors = Object.keys(env).filter((name) => env[name] && VENDORS.test(name));
  return [
    ...findingIf(
      proxies.length > 0,
      'network.proxy',
      'warning',
      `Proxy variables are set: ${listed(proxies)}. The router ignores them, other code of this process may not.`,
      'Unset what nothing needs.',
    ),
    ...findingIf(
      env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
      'network.tls',
      'error',
      'NODE_TLS_REJECT_UNAUTHORIZED switches off the check of certificates: anybody on the way can read and answer.',
      'Unset it, and name your own authority in NODE_EXTRA_CA_CERTS.',
    ),
    ...findingIf(
      vendors.length > 0,
      'network.variables',
      'info',
      `Variables of vendors are set, and the router ignores them: ${listed(vendors)}.`,
      'Unset what nothing needs.',
    ),
    ...findingIf(
      /^\s*"?(?:https?:\/\/)?(?:0\.0\.0\.0|\[?::\]?)(?::|\/|"|\s|$)/.test(env['OLLAMA_HOST'] ?? ''),
      'access.exposed',
      'warning',
      'OLLAMA_HOST makes Ollama listen on every network, and it asks for no key.',
      'Set it to 127.0.0.1, or put a proxy with keys before it.',
    ),
  ];
}
