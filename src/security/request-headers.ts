import { RouterError } from '../core/errors.js';

/**
 * Headers that never leave, whoever set them: what the connection or the fetch owns, what browsers use to track,
 * and what vendor clients add about the machine they run on or take from environment variables.
 * All others (`content-type`, `accept`, `authorization`, `x-api-key` and what the host configures) pass.
 */
const DROPPED: ReadonlySet<string> = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'cookie', 'cookie2', 'origin', 'referer', 'via', 'forwarded'],
  ...['openai-organization', 'openai-project'],
]);
const DROPPED_PREFIX = /^(?:x-stainless-|proxy-|sec-|x-forwarded-)/;
const EDGES = /^[\t\n\r ]|[\t\n\r ]$/;
const VENDOR_AGENT = /^(?:ollama-js|\w*openai)\b/i;

/** The headers that leave: what passes of the given ones, a neutral user agent, and no wish for a compressed reply. */
export function outgoingHeaders(given: RequestInit['headers']): Record<string, string> {
  // Compressed replies could hide how large they are, and a cut one passes for complete.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'local-llm-router' };
  try {
    for (const [written, value] of entriesOf(given)) {
      const name = written.toLowerCase();
      if (DROPPED.has(name) || DROPPED_PREFIX.test(name)) continue;
      if (name === 'user-agent' && VENDOR_AGENT.test(value)) continue;
      // As a fetch does: a key read from a file ends in a line break.
      headers[name] = EDGES.test(value) ? `${value}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, '') : `${value}`;
    }
  } catch {
    // The platform's message quotes what was given, which may be a key.
    throw new RouterError('ERR_INVALID_REQUEST', 'The headers are none; use Headers, pairs, or an object of texts.');
  }
  return headers;
}

function entriesOf(given: RequestInit['headers']): Iterable<[string, string]> {
  if (given === undefined || given === null) return [];
  return Symbol.iterator in given ? (given as Iterable<[string, string]>) : Object.entries(given);
}
