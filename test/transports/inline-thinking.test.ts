import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { TransportEvent } from '../../src/core/transport.js';
import { InlineThinking } from '../../src/transports/inline-thinking.js';
import { collect } from './loopback.js';

const FINISH: TransportEvent = { type: 'finish', finishReason: 'stop' };

/** What a user gets of an answer that comes in these pieces. */
async function read(pieces: readonly string[], before: readonly TransportEvent[] = []) {
  const filter = new InlineThinking();
  const out: TransportEvent[] = [];
  for (const event of before) filter.take(event, out);
  for (const text of pieces) filter.take({ type: 'text', text }, out);
  filter.take(FINISH, out);
  expect(out.at(-1)).toBe(FINISH);
  expect(out.filter((event) => 'text' in event && event.text === '')).toEqual([]);
  const { text, reasoning } = await collect(
    (async function* () {
      yield* out;
    })(),
  );
  return { text, reasoning };
}

describe('thoughts in the text', () => {
  it.each([
    ['<think>\nFirst I look.\n</think>\n\nAnswer.', 'First I look.', 'Answer.'],
    ['\n<think>a</think>b', 'a', 'b'],
    ['<think>\n\n</think>\n\nAnswer.', '', 'Answer.'],
    ['<think>a < b </thin> c</think>d', 'a < b </thin> c', 'd'],
    ['<think>cut off in the mid', 'cut off in the mid', ''],
    ['<think>a</think>b<think>c</think>', 'a', 'b<think>c</think>'],
    ['The tag <think>x</think> is text.', '', 'The tag <think>x</think> is text.'],
    ['<thinking>x</thinking>', '', '<thinking>x</thinking>'],
    ['  <b>x</b>', '', '  <b>x</b>'],
    ['<thi', '', '<thi'],
    ['', '', ''],
    [' \n', '', ' \n'],
  ])('%j', async (answer, reasoning, text) => {
    expect(await read([answer])).toEqual({ reasoning, text });
    expect(await read([...answer])).toEqual({ reasoning, text });
  });

  it('mean the same however the answer is cut', async () => {
    const word = fc.constantFrom('<think>', '</think>', '<', '</', 'think>', ' ', '\n', 'a', 'b<', '</th');
    await fc.assert(
      fc.asyncProperty(fc.array(word), fc.array(fc.nat(60)), async (words, cuts) => {
        const answer = words.join('');
        const at = [0, ...cuts.filter((cut) => cut < answer.length).sort((a, b) => a - b), answer.length];
        const pieces = at.slice(1).flatMap((to, i) => answer.slice(at[i], to) || []);
        expect(await read(pieces)).toEqual(await read([answer]));
      }),
      { numRuns: 500 },
    );
  });

  it('are left alone once the server has sent reasoning itself', async () => {
    const sent: TransportEvent = { type: 'reasoning', text: 'parsed' };
    expect(await read(['<think>quoted</think>'], [sent])).toEqual({
      reasoning: 'parsed',
      text: '<think>quoted</think>',
    });
  });

  it('are passed on as they come', () => {
    const filter = new InlineThinking();
    const take = (text: string) => {
      const out: TransportEvent[] = [];
      filter.take({ type: 'text', text }, out);
      return out;
    };
    expect(take('<think>')).toEqual([]);
    expect(take('one')).toEqual([{ type: 'reasoning', text: 'one' }]);
    expect(take(' two')).toEqual([{ type: 'reasoning', text: ' two' }]);
    expect(take('</think>')).toEqual([]);
    expect(take('three')).toEqual([{ type: 'text', text: 'three' }]);
  });
});
