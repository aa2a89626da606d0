// Blocks that agents and chat pages put around a request, as seen in their prompts; in lower case.
// The request stands inside these; the last one counts.
const REQUEST_TAGS = [
  'user_query',
  'userrequest',
  'user_request',
  'user_message',
  'task',
  'feedback',
  'question',
  'query',
];
// The request stands behind these lines.
const REQUEST_HEADINGS = ['## my request for codex', '### user query', '### instruction'];
// Blocks about the request; other tags are markup that the user pasted.
const ENVELOPE = /[_-]|^(?:context|files?|attachments?|instructions|documents?|reminder|tools?|info)$/i;

/** Peels harness blocks off a message; HTML stays, because it is code that the user pasted. */
export function peelEnvelope(message: string): string {
  if (!message.includes('<') && !message.includes('##')) return message;
  let text = message.includes('<') ? peelTags(message) : message;
  if (text.includes(':') || text.includes('#')) {
    const lower = text.toLowerCase();
    for (const heading of REQUEST_HEADINGS) {
      const at = lower.lastIndexOf(heading);
      if (at >= 0 && (at === 0 || lower.charAt(at - 1) === '\n')) {
        const end = text.indexOf('\n', at);
        if (end > 0 && text.slice(end).trim() !== '') text = text.slice(end + 1);
        break;
      }
    }
  }
  return text;
}

function peelTags(message: string): string {
  const lower = message.toLowerCase();
  for (const tag of REQUEST_TAGS) {
    const close = lower.lastIndexOf(`</${tag}>`);
    const open = close < 0 ? -1 : lower.lastIndexOf(`<${tag}>`, close);
    if (open >= 0) {
      const inner = message.slice(open + tag.length + 2, close);
      if (inner.trim() !== '') return peelBlocks(inner);
    }
  }
  return peelBlocks(message);
}

/** Drops `<name ...> ... </name>` blocks that begin a line. */
function peelBlocks(text: string): string {
  let out = '';
  let from = 0;
  // A name that is not closed once is not closed later either: each is looked for to the end at most once.
  const unclosed = new Set<string>();
  OPEN_TAG.lastIndex = 0;
  for (let tag = OPEN_TAG.exec(text); tag !== null; tag = OPEN_TAG.exec(text)) {
    const name = tag[2] as string;
    if (!ENVELOPE.test(name) || unclosed.has(name)) continue;
    const close = text.indexOf(`</${name}>`, OPEN_TAG.lastIndex);
    if (close < 0) {
      unclosed.add(name);
      continue;
    }
    out += `${text.slice(from, tag.index)}\n`;
    from = close + name.length + 3;
    OPEN_TAG.lastIndex = from;
  }
  return from === 0 ? text : out + text.slice(from);
}

const OPEN_TAG = /(^|\n)[ \t]{0,8}<([A-Za-z][\w-]{1,40})(?: [^<>\n]{0,200})?>/g;
