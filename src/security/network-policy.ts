import { isIP } from 'node:net';
import { RouterError } from '../core/errors.js';
import { shownValue } from '../internal/redact.js';
import {
  type IpAddress,
  type IpRange,
  inRange,
  isLoopback,
  isPublic,
  onlyAddress,
  parseAddress,
  parseCidr,
} from './ip-address.js';

/**
 * Whether an address may be contacted, and why.
 *
 * The rules: R1 strict URL syntax, R2 no credentials in URLs, R3 literal addresses, R4 host names, R5 DNS answers,
 * R6 addresses that are never contacted, R7 external hosts, R8 no redirects, R9 no environment proxies,
 * R10 policies that are refused, R11 defaults.
 * @public
 */
export interface EgressDecision {
  /** Whether it may be contacted. */
  readonly allowed: boolean;
  /** The rule that decided. */
  readonly rule: 'R1' | 'R2' | 'R3' | 'R4' | 'R5' | 'R6' | 'R7' | 'R8' | 'R9' | 'R10' | 'R11';
  /** Why, in words, with what would change it. */
  readonly reason: string;
  /** The addresses that may be connected to; empty where it is denied. */
  readonly addresses: readonly string[];
}

/** The part of the options that says what may be contacted. */
export interface PolicyOptions {
  readonly allowExternal?: boolean | undefined;
  readonly allowedHosts?: readonly string[] | undefined;
  readonly allowedCidrs?: readonly string[] | undefined;
}

/** One compiled set of options. */
interface Layer {
  readonly allowExternal: boolean;
  readonly hosts: HostList;
  readonly ranges: readonly IpRange[];
}

interface HostList {
  readonly everyName: boolean;
  readonly names: readonly string[];
  /** Of `*.example.test`: `.example.test`. */
  readonly suffixes: readonly string[];
  /** Literals and CIDRs among the hosts. */
  readonly ranges: readonly IpRange[];
}

/** What may be contacted: an address must pass every layer, so a further layer can only narrow. */
export interface NetworkPolicy {
  readonly layers: readonly Layer[];
  readonly never: readonly IpRange[];
  readonly metadata: readonly IpRange[];
}

/** What the URL alone says: denied, or allowed; a name still has to pass {@link judgeAnswers}. */
export interface UrlVerdict {
  readonly decision: EgressDecision;
  /** The parsed URL; `null` where it was denied before that. */
  readonly url: URL | null;
  /** The host name to be resolved; `null` for a literal address. */
  readonly name: string | null;
}

/** R11. */
const DEFAULT_HOSTS = ['localhost', '127.0.0.1', '::1', 'host.docker.internal'];
const DEFAULT_CIDRS = ['127.0.0.0/8', '::1/128', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', 'fc00::/7'];

/** R6: not a server, or a wrapping of an IPv4 address that would carry it past the other rules (::1 is exempt). */
const NEVER = [
  '0.0.0.0/32', // this host
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
  '::/96', // unspecified, IPv4-compatible
  '::ffff:0:0:0/96', // IPv4-translated
  '64:ff9b::/96', // NAT64
  '64:ff9b:1::/48', // local NAT64
  '2001::/32', // Teredo
  '2002::/16', // 6to4
  'ff00::/8', // multicast
];

/** R6: cloud instance metadata; only an entry for exactly this address allows it. */
const METADATA = [
  '169.254.169.254', // AWS, Google Cloud, Azure, OpenStack and others
  '169.254.170.2', // AWS ECS credentials
  '169.254.170.23', // AWS EKS pod identity
  '169.254.0.23', // Tencent Cloud
  '169.254.42.42', // Scaleway
  '100.100.100.200', // Alibaba Cloud, in CGNAT
  '168.63.129.16', // Azure, in public space
  '192.0.0.192', // Oracle Cloud
  'fd00:ec2::254', // AWS, in fc00::/7
  'fd00:ec2::23', // AWS EKS pod identity
  'fd20:ce::254', // Google Cloud
  'fe80::a9fe:a9fe', // OpenStack
];

const MAX_URL = 2048;
const MAX_CONNECT_ADDRESSES = 16;

/**
 * Compiles options into a policy (R10, R11); with `parent` the result allows at most what the parent allows,
 * and a list that is not given is the parent's.
 * Throws `ERR_INVALID_OPTION` that names the entry.
 */
export function compilePolicy(o: PolicyOptions, parent?: NetworkPolicy): NetworkPolicy {
  const base = parent?.layers.at(-1);
  const allowExternal = o.allowExternal ?? base?.allowExternal ?? false;
  const hosts =
    o.allowedHosts === undefined && base ? base.hosts : hostList(o.allowedHosts ?? DEFAULT_HOSTS, allowExternal);
  const ranges =
    o.allowedCidrs === undefined && base
      ? base.ranges
      : (o.allowedCidrs ?? DEFAULT_CIDRS).map((entry) => cidr('allowedCidrs', entry, allowExternal));
  const layer: Layer = { allowExternal, hosts, ranges };
  return {
    layers: [...(parent?.layers ?? []), layer],
    never: parent?.never ?? NEVER.map((entry) => parseCidr(entry) as IpRange),
    metadata: parent?.metadata ?? METADATA.map((entry) => onlyAddress(parseAddress(entry) as IpAddress)),
  };
}

/** Judges a URL as written (R1 to R4, R6), without looking anything up. */
export function judgeUrl(policy: NetworkPolicy, input: string | URL): UrlVerdict {
  const raw = String(input);
  if (raw.length > MAX_URL) return refused('R1', `The URL is longer than ${MAX_URL} characters.`);
  if (CONFUSING.test(raw)) {
    return refused(
      'R1',
      'The URL has a space, control character, backslash or fragment; parsers disagree about those.',
    );
  }
  const authority = /^https?:\/\/([^/?]+)/i.exec(raw)?.[1];
  if (authority === undefined)
    return refused('R1', 'The URL is not of the form http://host:port or https://host:port.');
  if (authority.includes('@')) {
    return refused('R2', 'The URL has credentials or an "@" before the host; give keys as an option instead.');
  }
  if (!URL.canParse(raw)) return refused('R1', 'The URL has no valid host or port.');
  const url = new URL(raw);
  if (url.port === '0') return refused('R1', 'Port 0 is no port.');
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  if (isIP(host) !== 0) return { decision: judgeAddresses(policy, [host], null), url, name: null };
  return { decision: judgeName(policy, hostName(host)), url, name: hostName(host) };
}

/** R4: whether a name may be looked up at all. */
export function judgeName(policy: NetworkPolicy, name: string): EgressDecision {
  if (!HOST_NAME.test(name)) return denied('R4', 'The host is not a valid name.');
  if (!policy.layers.every(({ hosts }) => lists(hosts, name))) {
    return denied('R4', `The host ${name} is not in allowedHosts; add it there if it is yours.`);
  }
  return { allowed: true, rule: 'R4', reason: `The host ${name} is in allowedHosts.`, addresses: [] };
}

/** R5: whether what a name resolves to may be connected to; one bad answer denies all. */
export function judgeAnswers(policy: NetworkPolicy, name: string, answers: readonly string[]): EgressDecision {
  if (answers.length === 0) return denied('R5', `The host ${name} resolves to no address.`);
  return judgeAddresses(policy, answers, name);
}

/** Whether an address that a connection goes to is one that its host, a name or a literal, may have. */
export function judgePeer(policy: NetworkPolicy, host: string, address: string): EgressDecision {
  // An interface name behind an address says which network card, not which host.
  return judgeAddresses(policy, [address.replace(/%.*$/, '')], isIP(host) === 0 ? hostName(host) : null);
}

/** The form of a host in which names are compared: lower case (URL parsing made it punycode), one trailing dot gone. */
export function hostName(host: string): string {
  return host.toLowerCase().replace(/\.$/, '');
}

/** The policy as text, the same for the same policy; for a hash in the audit log. */
export function describePolicy(policy: NetworkPolicy): string {
  return JSON.stringify(policy.layers);
}

// Blanks, control characters, backslash and fragment: parsers do not agree about them.
const CONFUSING = /[^!-~\u0080-\uffff]|[\\#]/;
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*$/;

function judgeAddresses(policy: NetworkPolicy, answers: readonly string[], name: string | null): EgressDecision {
  const addresses: string[] = [];
  let external = false;
  for (const answer of answers) {
    const address = parseAddress(answer);
    if (!address) return denied('R5', `The host ${name} resolves to something that is no address.`);
    if (name !== null && isLocalhost(name) && !isLoopback(address)) {
      return denied('R4', `${name} resolves to ${address.text}, which is not this machine.`);
    }
    for (const layer of policy.layers) {
      const verdict = judgeAddress(policy, layer, address, name);
      if (!verdict.allowed) return verdict;
      external ||= verdict.rule === 'R7';
    }
    addresses.push(address.text);
  }
  const reason = external
    ? `${name} is in allowedHosts and allowExternal is on.`
    : `${name ?? addresses[0]} is inside the allowed networks.`;
  const rule = external ? 'R7' : name === null ? 'R3' : 'R5';
  return { allowed: true, rule, reason, addresses: addresses.slice(0, MAX_CONNECT_ADDRESSES) };
}

function judgeAddress(policy: NetworkPolicy, layer: Layer, address: IpAddress, name: string | null): EgressDecision {
  const rule = name === null ? 'R3' : 'R5';
  const what = name === null ? address.text : `${name} resolves to ${address.text}, which`;
  const within = (range: IpRange): boolean => inRange(address, range);
  if (address.text !== '::1' && policy.never.some(within)) return denied('R6', `${what} is never a model server.`);
  // A layer without allowExternal may have inherited the block of all addresses from one with it.
  const ranges = [...layer.hosts.ranges, ...layer.ranges].filter((r) => r.prefix > 0 || layer.allowExternal);
  const exact = ranges.some((range) => range.prefix === address.bytes.length * 8 && within(range));
  if (!exact && policy.metadata.some(within)) {
    return denied('R6', `${what} is a cloud metadata address; only an entry for exactly this address allows it.`);
  }
  if (exact || ranges.some(within)) return { allowed: true, rule, reason: '', addresses: [] };
  if (name !== null && isPublic(address)) {
    if (layer.allowExternal) return { allowed: true, rule: 'R7', reason: '', addresses: [] };
    return denied(rule, `${what} is outside the allowed networks, and allowExternal is off.`);
  }
  return denied(rule, `${what} is in no allowed network; add it to allowedCidrs if it is yours.`);
}

function lists(hosts: HostList, name: string): boolean {
  return (
    hosts.everyName ||
    hosts.names.includes(name) ||
    hosts.suffixes.some((suffix) => name.length > suffix.length && name.endsWith(suffix))
  );
}

function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost');
}

function hostList(entries: readonly string[], allowExternal: boolean): HostList {
  const names: string[] = [];
  const suffixes: string[] = [];
  const ranges: IpRange[] = [];
  for (const entry of entries) {
    const address = parseAddress(entry.replace(/^\[(.*)\]$/, '$1'));
    if (address) ranges.push(onlyAddress(address));
    else if (entry.includes('/')) ranges.push(cidr('allowedHosts', entry, allowExternal));
    else if (entry.startsWith('*.')) suffixes.push(`.${listedName(entry, entry.slice(2))}`);
    else if (entry !== '*') names.push(listedName(entry, entry));
  }
  return { everyName: entries.includes('*'), names, suffixes, ranges };
}

function listedName(entry: string, name: string): string {
  // Parsed as URLs are, so that an international name is compared in the form it has there.
  const url = /[\s:@?#\\[\]%]/.test(name) || !URL.canParse(`http://${name}`) ? null : new URL(`http://${name}`);
  const listed = url === null ? '' : hostName(url.hostname);
  if (HOST_NAME.test(listed) && isIP(listed) === 0) return listed;
  throw new RouterError(
    'ERR_INVALID_OPTION',
    `security: allowedHosts: got ${shownValue('', entry)}; use a host name without port ("gpu.lan"), ` +
      'names below one ("*.gpu.lan"), "*", or an address in its plain form ("10.0.0.5").',
  );
}

function cidr(option: string, entry: string, allowExternal: boolean): IpRange {
  const range = parseCidr(entry);
  if (!range) {
    throw new RouterError(
      'ERR_INVALID_OPTION',
      `security: ${option}: got ${shownValue('', entry)}; use an address block such as "10.0.0.0/8" or "fd00::/8", ` +
        'with nothing set behind the prefix ("10.0.0.5/32" for one address).',
    );
  }
  if (range.prefix === 0 && !allowExternal) {
    throw new RouterError(
      'ERR_INVALID_OPTION',
      `security: ${option}: got ${shownValue('', entry)}, which is every address; name the blocks you mean, or set allowExternal.`,
    );
  }
  return range;
}

function denied(rule: EgressDecision['rule'], reason: string): EgressDecision {
  return { allowed: false, rule, reason, addresses: [] };
}

function refused(rule: EgressDecision['rule'], reason: string): UrlVerdict {
  return { decision: denied(rule, reason), url: null, name: null };
}
