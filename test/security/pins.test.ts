import fc from 'fast-check';
import { ModelSelector, type RouterError, SecurityModule } from 'local-llm-router';
import { describe, expect, it } from 'vitest';
import { joinPins, judgePin, type PinEvidence, parsePin, pinSet } from '../../src/internal/pin.js';

const DIGEST = 'ab'.repeat(32);
const hex = (min: number, max = min) =>
  fc.array(fc.constantFrom(...'0123456789abcdefABCDEF'), { minLength: min, maxLength: max }).map((d) => d.join(''));
const said = <T>(value: T) => ({ value, source: 'server' as const });
const evidence = (more: Partial<PinEvidence> = {}): PinEvidence => ({
  id: 'qwen2.5-coder:7b',
  service: 'ollama@localhost:11434',
  type: 'ollama',
  digest: said(DIGEST),
  sizeBytes: said(4_683_087_332),
  quantization: said('Q4_K_M'),
  ...more,
});
const judge = (pin: string, model = evidence(), name = 'qwen2.5-coder:7b') => {
  const read = parsePin(pin);
  if (read === null) throw new Error(`${pin} is no pin`);
  return judgePin({ name, pin: read }, model);
};
const thrown = (work: () => unknown): RouterError => {
  try {
    work();
  } catch (error) {
    return error as RouterError;
  }
  throw new Error('nothing was thrown');
};

describe('what is written as a pin', () => {
  it('is a digest of 12 to 64 digits, with or without "sha256:"', () => {
    fc.assert(
      fc.property(hex(12, 64), fc.boolean(), (digits, prefixed) => {
        const pin = parsePin(prefixed ? `sha256:${digits}` : digits);
        expect(pin).toEqual({ strength: 'digest', digest: digits.toLowerCase() });
      }),
    );
  });

  it('is a size, with or without the quantisation, or the name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }), (bytes) => {
        if (String(bytes).length > 16) return;
        expect(parsePin(`size:${bytes}`)).toMatchObject({ strength: 'size+name', bytes });
        expect(parsePin(`size:${bytes}:Q4_K_M`)).toMatchObject({ bytes, quantization: 'Q4_K_M' });
      }),
    );
    expect(parsePin('name')).toEqual({ strength: 'name' });
  });

  it.each([
    '',
    'abc',
    'sha256:',
    `sha256:${'a'.repeat(11)}`,
    'a'.repeat(65),
    'g'.repeat(64),
    `sha512:${DIGEST}`,
    `sha256-${DIGEST}`,
    ` ${DIGEST}`,
    `${DIGEST}\n`,
    'size:',
    'size:0',
    'size:-1',
    'size:007',
    'size:1e9',
    'size:99999999999999999',
    'size:9999999999999999',
    'size:12:',
    'size:12:Q4 K',
    'Name',
    'name ',
    'off',
  ])('is refused where it is %j', (pin) => {
    expect(parsePin(pin)).toBeNull();
    for (const make of [
      () => new SecurityModule({ pins: { 'a:7b': pin } }),
      () => new ModelSelector({ pins: { 'a:7b': pin } }),
    ]) {
      const { code, message } = thrown(make);
      expect(code).toBe('ERR_INVALID_OPTION');
      expect(message).toMatch(/pins\.a:7b: got .*; use "sha256:" and the 64 digits.*"size:".*"name"/s);
    }
  });

  it('never throws, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (pin) => {
        const read = parsePin(pin);
        expect(read === null || ['digest', 'size+name', 'name'].includes(read.strength)).toBe(true);
      }),
    );
  });

  it.each([
    [{ pins: [DIGEST] }, /pins: got an array; use an object of pins by model/],
    [{ pins: null }, /pins: got null/],
    [{ pins: { a: 5 } }, /pins\.a: got 5/],
    [{ pins: { '': DIGEST } }, /a text that is not empty/],
    [{ pins: JSON.parse('{"constructor":"nonsense"}') }, /pins\.constructor/],
    [{ pinMode: 'strict' }, /pinMode: got "strict"; use one of "off", "warn", "enforce"/],
  ])('is refused in %j', (o, message) => {
    const error = thrown(() => new SecurityModule(o as never));
    expect(error).toMatchObject({ code: 'ERR_INVALID_OPTION', message: expect.stringMatching(message) });
  });
});

describe('a model against its pin', () => {
  it('by digest is the one whose digest begins with the digits', () => {
    fc.assert(
      fc.property(hex(64), hex(12, 64), (told, pinned) => {
        const { outcome, strength, digest } = judge(pinned, evidence({ digest: said(told) }));
        expect(outcome).toBe(told.toLowerCase().startsWith(pinned.toLowerCase()) ? 'match' : 'mismatch');
        expect([strength, digest]).toEqual(['digest', told.toLowerCase()]);
        for (const own of [told, `sha256:${told}`, told.slice(0, pinned.length)]) {
          expect(judge(own, evidence({ digest: said(`sha256:${told}`) })).outcome).toBe('match');
        }
      }),
    );
  });

  it('cannot be verified where the server tells nothing of it, or it was only guessed', () => {
    const guess = { value: DIGEST, source: 'catalog' as const };
    for (const digest of [undefined, said(''), said('sha256:short'), said(DIGEST.slice(1)), guess]) {
      expect(judge(DIGEST, evidence({ digest })).outcome).toBe('unverified');
    }
    expect(judge('size:4683087332', evidence({ sizeBytes: undefined })).outcome).toBe('unverified');
    expect(judge('size:4683087332:Q4_K_M', evidence({ quantization: undefined })).outcome).toBe('unverified');
    expect(judge('size:5', evidence({ quantization: undefined })).outcome).toBe('mismatch');
  });

  it.each([
    ['size:4683087332', 'match'],
    ['size:4683087332:q4_k_m', 'match'],
    ['size:4683087331', 'mismatch'],
    ['size:4683087332:Q8_0', 'mismatch'],
  ])('by size: %s is a %s', (pin, outcome) => {
    expect(judge(pin)).toMatchObject({ outcome, strength: 'size+name' });
  });

  it.each([
    ['qwen2.5-coder:7b', 'match'],
    ['ollama@localhost:11434/qwen2.5-coder:7b', 'match'],
    ['ollama/qwen2.5-coder:7b', 'match'],
    ['qwen2.5-coder-7b', 'mismatch'],
    ['Qwen2.5-Coder:7B', 'mismatch'],
    ['lmstudio/qwen2.5-coder:7b', 'mismatch'],
  ])('by name, under %s, is a %s', (name, outcome) => {
    expect(judge('name', evidence(), name)).toMatchObject({ outcome, strength: 'name' });
  });

  it('says why, and what to do, for each that does not hold', () => {
    for (const pin of ['cd'.repeat(32), 'size:5', DIGEST]) {
      const { reason, remedy } = judge(pin, evidence(pin === DIGEST ? { digest: undefined } : {}));
      expect(reason).toMatch(/^It is pinned .*\.$/);
      expect(remedy).toMatch(/\.$/);
    }
    expect(judge('cd'.repeat(32)).reason).toBe('It is pinned as cdcdcdcdcdcd, and its server tells abababababab.');
  });
});

describe('how pins are meant', () => {
  const pins = { 'a:7b': DIGEST };

  it('is in earnest where there are some and nothing else is said', () => {
    expect(new SecurityModule({ pins }).pins.mode).toBe('enforce');
    expect(new SecurityModule({}).pins.mode).toBe('off');
    expect(new SecurityModule({ pins: {} }).pins.mode).toBe('off');
    expect(new SecurityModule({ pins, pinMode: 'warn' }).pins.mode).toBe('warn');
    expect(new SecurityModule({ pinMode: 'enforce' }).pins).toEqual({ mode: 'enforce', pins: [] });
  });

  it('is only ever narrowed', () => {
    const mode = fc.constantFrom('off' as const, 'warn' as const, 'enforce' as const, undefined);
    const some = fc.option(fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.constantFrom(DIGEST, 'name')), {
      nil: undefined,
    });
    const order = ['off', 'warn', 'enforce'];
    fc.assert(
      fc.property(some, mode, some, mode, (pins, pinMode, more, moreMode) => {
        const parent = new SecurityModule({ pins, pinMode, audit: false });
        const child = parent.narrow({ pins: more, pinMode: moreMode });
        expect(order.indexOf(child.pins.mode)).toBeGreaterThanOrEqual(order.indexOf(parent.pins.mode));
        expect(child.pins.pins).toEqual(expect.arrayContaining([...parent.pins.pins]));
        expect(joinPins(parent.pins, pinSet(more, moreMode))).toEqual(child.pins);
      }),
    );
  });
});
