import * as v from 'valibot';
import { RouterError } from '../core/errors.js';
import type { ServedModel } from '../core/model.js';
import { asObject } from './json.js';
import { text } from './options.js';

/** What happens to a model that is not the pinned one: nothing, it is reported, or it is refused. */
export type PinMode = 'off' | 'warn' | 'enforce';

/** How much a pin proves: the content, only its size, or only that the name is the same. */
export type PinStrength = 'digest' | 'size+name' | 'name';

/** A pin as it was written, read. */
export interface Pin {
  readonly strength: PinStrength;
  /** The first 12 to 64 digits of the SHA-256, lower case. */
  readonly digest?: string | undefined;
  readonly bytes?: number | undefined;
  readonly quantization?: string | undefined;
}

/** A pin and whom it is for. */
export interface NamedPin {
  /** The model as the host wrote it. */
  readonly name: string;
  readonly pin: Pin;
}

/** All pins of one owner, and how they are meant. */
export interface PinSet {
  readonly mode: PinMode;
  readonly pins: readonly NamedPin[];
}

/** What a server says about which model it is. */
export type PinEvidence = Pick<ServedModel, 'id' | 'service' | 'type' | 'digest' | 'sizeBytes' | 'quantization'>;

/** Whether a model is the pinned one; `unverified`: its server does not tell what the pin is about. */
export interface PinVerdict {
  readonly outcome: 'match' | 'mismatch' | 'unverified';
  readonly strength: PinStrength;
  /** The digest that the server told, as 64 digits. */
  readonly digest: string | undefined;
  /** In words; empty where it matches. */
  readonly reason: string;
  readonly remedy: string;
}

const DIGEST = /^(?:sha256:)?([0-9a-f]{12,64})$/i;
const SIZE = /^size:([1-9]\d{0,15})(?::([\w.+-]{1,32}))?$/;
const WHOLE_DIGEST = /^(?:sha256:)?([0-9a-f]{64})$/i;

/** Reads a pin; `null` where it is none. */
export function parsePin(pin: string): Pin | null {
  if (pin === 'name') return { strength: 'name' };
  const digest = DIGEST.exec(pin)?.[1];
  if (digest !== undefined) return { strength: 'digest', digest: digest.toLowerCase() };
  const [, bytes, quantization] = SIZE.exec(pin) ?? [];
  if (bytes === undefined || !Number.isSafeInteger(Number(bytes))) return null;
  return { strength: 'size+name', bytes: Number(bytes), quantization };
}

const FIX =
  '"sha256:" and the 64 digits of the digest (or the first 12 of them), "size:" and the bytes with or without the quantisation ("size:4683087332:Q4_K_M"), or "name"';

/** Schema of pins by model. */
export const pinsSchema = () =>
  v.pipe(
    v.custom<Record<string, string>>((x) => asObject(x) !== undefined, 'an object of pins by model'),
    v.record(
      text(),
      v.custom<string>((x) => typeof x === 'string' && parsePin(x) !== null, FIX),
    ),
  );

/** Reads pins that fit the schema. Who pins means it: without a mode they are enforced. */
export function pinSet(pins: Readonly<Record<string, string>> | undefined, mode: PinMode | undefined): PinSet {
  const named = Object.entries(pins ?? {}).map(([name, written]) => {
    const pin = typeof written === 'string' ? parsePin(written) : null;
    // The schema passes over keys such as `constructor`.
    if (pin === null) throw new RouterError('ERR_INVALID_OPTION', `pins.${name}: use ${FIX}.`);
    return { name, pin };
  });
  return { mode: mode ?? (named.length > 0 ? 'enforce' : 'off'), pins: named };
}

const MODES: readonly PinMode[] = ['off', 'warn', 'enforce'];

/** Both sets at once, in the stricter mode. */
export function joinPins(a: PinSet, b: PinSet): PinSet {
  return {
    mode: MODES[Math.max(MODES.indexOf(a.mode), MODES.indexOf(b.mode))] as PinMode,
    pins: [...a.pins, ...b.pins],
  };
}

/** Judges what a server says of a model that a pin names. Only what the server itself says counts. */
export function judgePin({ name, pin }: NamedPin, model: PinEvidence): PinVerdict {
  const { strength } = pin;
  const digest = digestOf(model);
  const matches: PinVerdict = { outcome: 'match', strength, digest, reason: '', remedy: '' };
  const not = (outcome: PinVerdict['outcome'], reason: string, remedy: string): PinVerdict => ({
    ...matches,
    outcome,
    reason,
    remedy,
  });
  const mismatch = (pinned: string, told: string): PinVerdict =>
    not('mismatch', `It is pinned as ${pinned}, and its server tells ${told}.`, REPLACED);
  if (pin.digest !== undefined) {
    if (digest === undefined) return not('unverified', 'It is pinned by digest, and its server tells none.', NO_DIGEST);
    return digest.startsWith(pin.digest) ? matches : mismatch(shortDigest(pin.digest), shortDigest(digest));
  }
  if (pin.bytes !== undefined) {
    const bytes = said(model.sizeBytes);
    const quantization = said(model.quantization);
    if (bytes !== undefined && bytes !== pin.bytes) return mismatch(`${pin.bytes} bytes`, `${bytes}`);
    const isOther = quantization?.toLowerCase() !== pin.quantization?.toLowerCase();
    if (pin.quantization !== undefined && quantization !== undefined && isOther)
      return mismatch(pin.quantization, `another quantisation`);
    const isKnown = bytes !== undefined && (pin.quantization === undefined || quantization !== undefined);
    return isKnown ? matches : not('unverified', 'It is pinned by size, and its server does not tell it.', NO_SIZE);
  }
  return isNamed(name, model) ? matches : not('mismatch', 'Its pin is "name", and names it otherwise.', OTHER_NAME);
}

/** What to do about a model that is another one. */
export const REPLACED = 'Bring back the model that was pinned, or pin this one once you know where it comes from.';
/** What to do where nobody tells a digest. */
export const NO_DIGEST = 'Pin by "size:" or "name", or serve it where digests are told (Ollama, Docker Model Runner).';
const NO_SIZE = 'Pin by "name", or serve it where sizes are told.';
const OTHER_NAME = 'Pin it under its served id, alone or behind its service, or by digest or size.';

/** The digits of a digest that people compare. */
export function shortDigest(digest: string): string {
  return digest.slice(0, 12);
}

/** The digest that a server tells, as 64 digits; anything else is none. */
export function digestOf({ digest }: Pick<PinEvidence, 'digest'>): string | undefined {
  return WHOLE_DIGEST.exec(said(digest) ?? '')?.[1]?.toLowerCase();
}

function said<T>(fact: { readonly value: T; readonly source: string } | undefined): T | undefined {
  return fact?.source === 'server' ? fact.value : undefined;
}

/** Whether a name is exactly the served id, alone or behind service or type; `:latest` may be left out. */
function isNamed(name: string, { id, service, type }: PinEvidence): boolean {
  return [id, `${service}/${id}`, ...(type === undefined ? [] : [`${type}/${id}`])].some(
    (written) => withoutLatest(written) === withoutLatest(name),
  );
}

function withoutLatest(name: string): string {
  return name.endsWith(':latest') ? name.slice(0, -7) : name;
}
