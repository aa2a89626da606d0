/** Makes untrusted text fit for a message: one line, printable, at most `max` characters. */
export function printable(text: unknown, max = 200): string {
  const raw = typeof text === 'string' ? text : String(text);
  const cut = raw.length > max ? `${raw.slice(0, max - 1)}…` : raw;
  return cut.replace(UNPRINTABLE, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

// C0, DEL, C1, line separators, bidirectional overrides and lone surrogates: they forge lines or hide text.
const UNPRINTABLE = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\p{Cs}\ufeff]/gu;

/** An address without credentials, query and fragment; what is no URL is not echoed. */
export function safeUrl(url: string | URL): string {
  try {
    const { protocol, host, pathname } = new URL(url);
    return `${protocol}//${host}${pathname === '/' ? '' : printable(pathname, 120)}`;
  } catch {
    return '(not a URL)';
  }
}

/** How a rejected option value is shown: short, and never where its name says that it is secret. */
export function shownValue(name: string, value: unknown): string {
  if (SECRET.test(name.replace(HARMLESS, ''))) return '(hidden)';
  if (typeof value === 'string' && CONTENT.test(name)) return 'a text';
  // What stands before an "@" is a user name, and often a password.
  if (typeof value === 'string')
    return value.includes('://') ? safeUrl(value) : JSON.stringify(printable(value.replace(/^.*@/s, '…@'), 60));
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

const SECRET = /key|token|secret|password|authorization|header/i;
// What users write to models.
const CONTENT = /^(?:prompt|messages|suffix|stop|metadata|fileContext|tools|extraBody|systemPrompt)\b/;
// Tokens of a model, not those that open doors, and words that requests are known by.
const HARMLESS = /tokens\b|tokenBudget$|tokenCounter$|keywords/gi;
