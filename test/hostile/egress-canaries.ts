import { inspect } from 'node:util';

// Every text that must not leave its place. No words of a dictionary, so that no cue of the classifier is one of them.
export const CANARY = {
  prompt: 'zqprompt8101',
  system: 'zqsystem8102',
  reply: 'zqreply8103',
  reasoning: 'zqreason8104',
  toolCall: 'zqtoolcall8105',
  toolResult: 'zqtoolresult8106',
  file: 'zqfile8107',
  symbol: 'zqsymbol8108',
  serena: 'zqserena8109',
  suffix: 'zqsuffix8110',
  metadata: 'zqmetadata8111',
  apiKey: 'zqapikey8112',
  header: 'zqheader8113',
  auditKey: 'zqauditkey8114',
  environment: 'zqenviron8115',
  serverError: 'zqservererror8116',
  password: 'zqpassword8117',
  extra: 'zqextra8118',
  schema: 'zqschema8119',
} as const;

export const ANY_CANARY = new RegExp(Object.values(CANARY).join('|'));

// What an audit key looks like in other writings.
const KEY_BYTES = Buffer.from(CANARY.auditKey);
const FIRST_BYTES = [...KEY_BYTES.subarray(0, 6)].join(',');
const WRITTEN_KEY = new RegExp(
  [KEY_BYTES.toString('hex'), KEY_BYTES.toString('base64').replace(/=+$/, ''), FIRST_BYTES].join('|'),
);
// Terminal escapes, overrides of the writing direction, separators of lines that JSON leaves as they are.
const RAW = /(?![\t\n])[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/u;

/** Every way in which a host may look at a value: as text, as JSON, with all that is hidden, and along its causes. */
export function picturesOf(value: unknown, depth = 0): string[] {
  const pictures = [inspect(value, { depth: 20, showHidden: true, maxArrayLength: null, maxStringLength: null })];
  try {
    pictures.push(JSON.stringify(value) ?? '', String(value));
  } catch {
    // Cycles, and objects without a text of their own.
  }
  if (value instanceof Error && depth < 10) {
    const { message, stack, cause, attempts } = value as Error & { attempts?: unknown };
    pictures.push(message, stack ?? '', JSON.stringify(attempts ?? null), ...picturesOf(cause, depth + 1));
  }
  return pictures;
}

/** The canaries that stand in some picture of a value; empty is what a test wants. */
export function leaksOf(value: unknown): string[] {
  return picturesOf(value).flatMap((text) => [
    ...(ANY_CANARY.exec(text) ?? []),
    // Bytes are printed with blanks and line breaks among them.
    ...(WRITTEN_KEY.exec(text.replace(/\s/g, '')) ?? []),
  ]);
}

/** Whether messages of an error and its causes could forge lines or hide text in a terminal. */
export function forges(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) if (RAW.test(at.message.replace(/\n/g, ''))) return true;
  return false;
}
