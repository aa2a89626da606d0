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
const ENVELOPE = /[_-]|^[a-z]+[A-Z]|^(?:context|env|files?|attachments?|instructions|documents?|reminder|tools?|info)$/;

/** Peels harness blocks off a message; HTML stays, because it is code that the user pasted. */
export function peelEnvelope(message: string): string {
  if (!message.includes('<') && !message.includes('##')) return message;
  // A slash command, as Claude Code writes it down.
  const command = /<command-name>(\/[^<\n]{1,60})<\/command-name>/.exec(message);
  if (command !== null)
    return `${command[1]} ${/<command-args>([^<]{0,2000})<\/command-args>/.exec(message)?.[1] ?? ''}`;
  let text = message.includes('</') ? peelTags(message) : message;
  // Open WebUI asks so for titles, tags and follow-ups of a chat; the rest is rules and the chat.
  if (text.startsWith('### Task:') && /chat.history/i.test(text))
    return `/title ${text.slice(9).split('\n### ', 1)[0]}`;
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
    if (!(ENVELOPE.test(name) || ENVELOPE.test(name.toLowerCase())) || unclosed.has(name)) continue;
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
