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
      `Only these names are ever looked up: ${listed(names) || 'none'}. Whether their resolver asks servers outside cannot be seen from here.`,
      'Check that a public name does not resolve on this machine (`getent hosts example.com`), or list addresses instead of names.',
    ),
    finding(
      'network.firewall',
      'info',
      'Whether a firewall stops everything else that would leave this machine cannot be seen from here.',
      'Deny outgoing traffic by default, for the model servers too; allow the addresses of the servers only.',
    ),
    outside.length > 0
      ? finding(
          'network.ranges',
          'error',
          `Allowed blocks hold addresses on the internet: ${listed(outside)}.`,
          'List internal blocks only, as small as they can be (`allowedCidrs`, `allowedHosts`).',
        )
      : finding(
          'network.ranges',
          'info',
          `Only internal addresses are allowed: ${listed(ranges.map(rangeText))}.`,
          'Narrow `allowedCidrs` to the addresses of your servers.',
        ),
    finding(
      'network.ipv6',
      'info',
      `This machine has ${hasIPv6 ? 'an IPv6 address' : 'no IPv6 address for others'}; the policy allows ${listed(sixes.map(rangeText)) || 'no IPv6 network'}.`,
      'Where IPv6 is not needed, leave it out of `allowedCidrs` and switch it off in the system.',
    ),
    ...findingIf(
      external,
      'network.external',
      hosts.everyName ? 'error' : 'warning',
      hosts.everyName
        ? 'Every name may lead to the internet: `allowExternal` is on and `allowedHosts` has "*".'
        : 'Listed names may lead to the internet where a call grants it: `allowExternal` is on.',
      'Remove `allowExternal`; if it is needed, list the few names and nothing else.',
    ),
    ...findingIf(
      openNames.length > 0,
      'network.hosts',
      'warning',
      `These names look public, and looking them up asks DNS: ${listed(openNames)}.`,
      'List internal names, or the addresses of the servers.',
    ),
    ...findingIf(
      ownFetch,
      'network.fetch',
      'warning',
      'The host replaced the network (`fetch`): addresses are checked, but not where its connections lead.',
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
      `Variables that name a proxy are set: ${listed(proxies)}. The router does not use them, other code of this process may.`,
      'Unset them where nothing needs them.',
    ),
    ...findingIf(
      env['NODE_TLS_REJECT_UNAUTHORIZED'] === '0',
      'network.tls',
      'error',
      'NODE_TLS_REJECT_UNAUTHORIZED switches off the check of certificates, so anybody on the way can read and answer.',
      'Unset it, and name the certificate of your own authority in NODE_EXTRA_CA_CERTS.',
    ),
    ...findingIf(
      vendors.length > 0,
      'network.variables',
      'info',
      `Variables of vendors are set and have no effect on the router: ${listed(vendors)}.`,
      'Nothing for the router; unset keys that nothing needs.',
    ),
    ...findingIf(
      /^\s*"?(?:https?:\/\/)?(?:0\.0\.0\.0|\[?::\]?)(?::|\/|"|\s|$)/.test(env['OLLAMA_HOST'] ?? ''),
      'access.exposed',
      'warning',
      'OLLAMA_HOST makes Ollama listen on every network of this machine, and it asks for no key.',
      'Set it to 127.0.0.1, or put a proxy with keys before it.',
    ),
  ];
}
