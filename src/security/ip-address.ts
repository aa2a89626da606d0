import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** An IP address as bytes; an IPv4-mapped IPv6 address is the IPv4 address that it stands for. */
export interface IpAddress {
  /** 4 or 16 bytes in network order. */
  readonly bytes: readonly number[];
  /** The canonical spelling. */
  readonly text: string;
}

/** A block of addresses: those whose first `prefix` bits are those of `bytes`. */
export interface IpRange {
  readonly bytes: readonly number[];
  readonly prefix: number;
}

/**
 * Reads an address; `null` for everything that is not exactly one: other bases, missing parts, leading zeros, zone ids.
 * The strict check comes first because ipaddr.js accepts all of those.
 */
export function parseAddress(text: string): IpAddress | null {
  const family = isIP(text);
  if (family === 0 || text.includes('%')) return null;
  if (family === 4) return ipv4(ipaddr.IPv4.parse(text).toByteArray());
  // ipaddr.js reads `::127.0.0.1` as the mapped form; written as groups it is read right.
  const groups = text.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => `${hex(a, b)}:${hex(c, d)}`);
  const parsed = ipaddr.IPv6.parse(groups);
  const bytes = parsed.toByteArray();
  return isMapped(bytes) ? ipv4(bytes.slice(12)) : { bytes, text: parsed.toString() };
}

/**
 * Reads `address/prefix` in strict syntax; `null` where it is none, or where bits behind the prefix are set
 * (`10.0.0.5/8` is either a slip of the address or of the prefix).
 */
export function parseCidr(text: string): IpRange | null {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match && parseAddress(match[1] as string);
  if (!address) return null;
  const mapped = address.bytes.length === 4 && match[1]?.includes(':');
  const prefix = Number(match[2]) - (mapped ? 96 : 0);
  if (prefix < 0 || prefix > address.bytes.length * 8) return null;
  const hostBits = address.bytes.some((byte, i) => (byte & (0xff >> clamp(prefix - i * 8))) !== 0);
  return hostBits ? null : { bytes: address.bytes, prefix };
}

/** The block of exactly this address. */
export function onlyAddress({ bytes }: IpAddress): IpRange {
  return { bytes, prefix: bytes.length * 8 };
}

/** Whether the address lies in the block; never across families, so `::/0` holds no IPv4 address. */
export function inRange(address: IpAddress, range: IpRange): boolean {
  if (address.bytes.length !== range.bytes.length) return false;
  return range.bytes.every((byte, i) => {
    const mask = 0xff & ~(0xff >> clamp(range.prefix - i * 8));
    return ((byte ^ (address.bytes[i] as number)) & mask) === 0;
  });
}

/** 127.0.0.0/8 or ::1. */
export function isLoopback({ bytes, text }: IpAddress): boolean {
  return bytes.length === 4 ? bytes[0] === 127 : text === '::1';
}

/** Whether the address is a host on the internet: none of the special ranges that ipaddr.js knows, and for IPv6 in 2000::/3. */
export function isPublic({ bytes, text }: IpAddress): boolean {
  if (bytes.length === 16 && ((bytes[0] as number) & 0xe0) !== 0x20) return false;
  return ipaddr.parse(text).range() === 'unicast';
}

/** How far away a service with these addresses is; the farthest counts. */
export function localityOf(addresses: readonly string[]): 'loopback' | 'private' | 'external' {
  const parsed = addresses.map(parseAddress);
  if (parsed.length === 0 || parsed.some((a) => a === null || isPublic(a))) return 'external';
  return parsed.every((a) => a !== null && isLoopback(a)) ? 'loopback' : 'private';
}

function ipv4(bytes: number[]): IpAddress {
  return { bytes, text: bytes.join('.') };
}

function isMapped(bytes: readonly number[]): boolean {
  return bytes.every((byte, i) => i >= 12 || byte === (i < 10 ? 0 : 0xff));
}

function hex(high: string, low: string): string {
  return (Number(high) * 256 + Number(low)).toString(16);
}

/** Bits of one byte that the prefix covers. */
function clamp(bits: number): number {
  return Math.min(8, Math.max(0, bits));
}

/** Blocks that lead to no host on the internet: this machine, private networks, the neighbours, and shared addresses of carriers and overlay networks. */
const INTERNAL = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '169.254.0.0/16',
  '100.64.0.0/10',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** Whether a block holds nothing but internal addresses. */
export function isInternal({ bytes, prefix }: IpRange): boolean {
  return INTERNAL.some((entry) => {
    const block = parseCidr(entry) as IpRange;
    return prefix >= block.prefix && inRange({ bytes, text: '' }, block);
  });
}

/** A block as people write it. */
export function rangeText({ bytes, prefix }: IpRange): string {
  return `${ipaddr.fromByteArray([...bytes]).toString()}/${prefix}`;
}
