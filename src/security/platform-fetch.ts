/** The text of `fetch` in Node.js 20 to 26 without its comments (lib/internal/bootstrap/web/exposed-window-or-worker.js). */
const PLATFORM_TEXT =
  "function fetch(input, init = undefined) { if (!fetchImpl) { const undiciModule = require('internal/deps/undici/undici'); fetchImpl = undiciModule.fetch; } return fetchImpl(input, init); }";
const PLATFORM_KEYS = 'length,name,prototype';

/** The last answer: the global fetch hardly ever changes. */
let last: { readonly fetch: unknown; readonly isPlatform: boolean } | undefined;

/**
 * Whether this is the fetch that Node.js came with. Whatever else it is (a mock, a spy, a proxy, an instrumented or an
 * unknown one) somebody may rely on being asked through it.
 */
export function isPlatformFetch(fetch: unknown): boolean {
  if (last === undefined || last.fetch !== fetch) last = { fetch, isPlatform: looksLikePlatform(fetch) };
  return last.isPlatform;
}

function looksLikePlatform(fetch: unknown): boolean {
  // Wrappers that hide behind the text of what they wrap (zone.js) mark themselves with a property.
  if (typeof fetch !== 'function' || Reflect.ownKeys(fetch).map(String).join() !== PLATFORM_KEYS) return false;
  const text = Function.prototype.toString.call(fetch);
  return text.replace(/\/\/.*/g, '').replace(/\s+/g, ' ') === PLATFORM_TEXT;
}
