import { RouterError } from '../core/errors.js';

/**
 * Headers that never leave, whoever set them: what the connection or the fetch owns, what browsers use to track,
 * and what vendor clients add about the machine they run on or take from environment variables.
 * All others (`content-type`, `accept`, `authorization`, `x-api-key` and what the host configures) pass.
 */
const DROPPED = new Set([
  ...['accept-encoding', 'connection', 'content-length', 'expect', 'host', 'keep-alive', 'te', 'trailer'],
  ...['transfer-encoding', 'upgrade', 'cookie', 'cookie2', 'origin', 'referer', 'via', 'forwarded'],
  ...['openai-organization', 'openai-project'],
]);
const DROPPED_PREFIXES = ['x-stainless-', 'proxy-', 'sec-', 'x-forwarded-'];
const VENDOR_AGENT = /^(?:ollama-js|\w*openai)\b/i;

/**
 * The headers that leave: what passes of the given ones, a neutral user agent, and no wish for a compressed reply.
 * Throws `ERR_INVALID_REQUEST`, without the value, where one cannot be sent.
 */
export function outgoingHeaders(given: RequestInit['headers']): Headers {
  const headers = copied(given);
  for (const name of [...headers.keys()]) {
    if (DROPPED.has(name) || DROPPED_PREFIXES.some((prefix) => name.startsWith(prefix))) headers.delete(name);
  }
  // Compressed replies could hide how large they are, and a cut one passes for complete.
  headers.set('accept-encoding', 'identity');
  if (VENDOR_AGENT.test(headers.get('user-agent') ?? 'openai')) headers.set('user-agent', 'local-llm-router');
  return headers;
}

function copied(given: RequestInit['headers']): Headers {
  try {
    return new Headers(given);
  } catch {
    // The platform's own message quotes the value, which may be a key.
    throw new RouterError(
      'ERR_INVALID_REQUEST',
      'A header has a name or value that cannot be sent; look for line breaks or non-Latin characters in keys and headers.',
    );
  }
}
