import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MessageCounter } from '../../src/context/message-counter.js';
import { estimateTokens } from '../../src/context/token-counter.js';
import type { Message } from '../../src/core/chat.js';

const prose = 'the quick brown fox jumps over one lazy dog and then it sleeps until the evening comes';
const never = () => {
  throw new Error('must not be called');
};

describe('estimated token counts', () => {
  it('follow the characters per token of the family for English text', () => {
    const text = prose.repeat(40);
    expect(estimateTokens(text, 'qwen2.5-coder-7b')).toBe(Math.ceil(text.length / 3.5));
    expect(estimateTokens(text, 'qwq-32b')).toBe(Math.ceil(text.length / 3.5));
    expect(estimateTokens(text, 'llama3.1-8b')).toBe(Math.ceil(text.length / 3.8));
    expect(estimateTokens(text, 'mistral-7b')).toBe(Math.ceil(text.length / 4));
    expect(estimateTokens(text, null)).toBe(Math.ceil(text.length / 4));
  });

  // Counts of cl100k_base for the same texts.
  it.each([
    ['Chinese', '请帮我写一个函数，把给定的列表按照日期排序，并且去掉重复的元素。', 29],
    ['Japanese', 'この関数は与えられた配列を並べ替えて、重複した要素を取り除きます。', 33],
    ['Korean', '이 함수는 주어진 배열을 정렬하고 중복된 요소를 제거합니다.', 23],
    ['emoji', '😀🎉🚀🔥', 9],
    ['dense code', 'a[i]=(b&c)|d[j]^{x:1,y:-2}??f(g(h));', 23],
    ['digits', '3.14159,2.71828,1.41421', 14],
  ])('are not grossly low for %s', (_, text, real) => {
    expect(estimateTokens(text, null)).toBeGreaterThanOrEqual(Math.floor(real * 0.8));
    expect(estimateTokens(text, null)).toBeLessThanOrEqual(real * 2);
  });

  it('are whole, never negative, and grow with the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const [one, both] = [estimateTokens(a, null), estimateTokens(a + b, null)];
        expect(Number.isSafeInteger(one)).toBe(true);
        expect(one).toBeGreaterThanOrEqual(a === '' ? 0 : 1);
        expect(both).toBeGreaterThanOrEqual(one);
      }),
    );
  });
});

describe('message counts', () => {
  const counter = () => new MessageCounter(undefined);
  const count = (message: Message) => counter().count(message, null, never) as number;

  it('contain names, tool calls and a fixed cost per image', () => {
    const text = count({ role: 'user', content: prose });
    expect(text).toBe(estimateTokens(prose, null) + 4);
    const withImage: Message = {
      role: 'user',
      content: [
        { type: 'text', text: prose },
        { type: 'image_url', image_url: { url: `data:image/png;base64,${'A'.repeat(100_000)}` } },
      ],
    };
    expect(count(withImage)).toBe(text + 768);
    const call = { id: 'c', type: 'function' as const, function: { name: 'read_file', arguments: '{"path":"a.ts"}' } };
    expect(count({ role: 'assistant', content: null, tool_calls: [call] })).toBeGreaterThan(
      count({ role: 'assistant' }),
    );
  });

  it('follow a message that is given new content', () => {
    const c = counter();
    const message: Message = { role: 'user', content: 'short' };
    const before = c.count(message, null, never);
    message.content = prose.repeat(10);
    expect(c.count(message, null, never)).toBeGreaterThan(before as number);
  });

  it('come from the host once per message and model', () => {
    const asked: (string | null)[] = [];
    const c = new MessageCounter({
      count(text, model) {
        asked.push(model);
        return text.length;
      },
    });
    const message: Message = { role: 'user', content: 'abcdef' };
    expect(c.known(message, 'm1')).not.toBe(10);
    expect(c.count(message, 'm1', never)).toBe(10);
    expect(c.count(message, 'm1', never)).toBe(10);
    expect(c.known(message, 'm1')).toBe(10);
    expect(c.count(message, 'm2', never)).toBe(10);
    expect(asked).toEqual(['m1', 'm2']);
  });

  it.each([
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['rejects', () => Promise.reject(new Error('no'))],
    ['gives NaN', () => Number.NaN],
    ['gives less than nothing', () => -1],
    ['gives a text', () => 'many' as unknown as number],
  ])('are estimated when the host counter %s', async (_, broken) => {
    let failures = 0;
    const message: Message = { role: 'user', content: prose };
    const tokens = await new MessageCounter({ count: broken }).count(message, null, () => failures++);
    expect(tokens).toBe(count(message));
    expect(failures).toBe(1);
  });
});

describe('calibration', () => {
  const message: Message = { role: 'user', content: prose.repeat(20) };
  const of = (c: MessageCounter, model: string | null) => c.count(message, model, never) as number;

  it('raises the estimates of that model at once and lowers them slowly', () => {
    const c = new MessageCounter(undefined);
    const before = of(c, 'qwen3-8b');
    c.calibrate('qwen3-8b', 1000, 1300);
    expect(of(c, 'qwen3-8b')).toBeCloseTo(before * 1.3, -1);
    expect(of(c, 'llama3.1-8b')).toBe(of(new MessageCounter(undefined), 'llama3.1-8b'));
    const raised = of(c, 'qwen3-8b');
    c.calibrate('qwen3-8b', 1300, 1000);
    expect(of(c, 'qwen3-8b')).toBeLessThan(raised);
    expect(of(c, 'qwen3-8b')).toBeGreaterThan(before * 1.2);
  });

  it('stays between half and twice the estimate whatever is reported', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.double(), fc.double())), (reports) => {
        const c = new MessageCounter(undefined);
        const before = of(c, null);
        for (const [estimated, reported] of reports) c.calibrate(null, estimated, reported);
        for (let i = 0; i < 40; i++) c.calibrate(null, 1000, 500);
        expect(of(c, null)).toBeGreaterThanOrEqual(Math.floor(before * 0.49));
        for (let i = 0; i < 40; i++) c.calibrate(null, 1000, 2000);
        expect(of(c, null)).toBeLessThanOrEqual(before * 2);
      }),
    );
  });

  it('ignores what says nothing about the tokenizer: tiny prompts, cached or cut ones', () => {
    const c = new MessageCounter(undefined);
    const before = of(c, null);
    c.calibrate(null, 10, 20);
    c.calibrate(null, 10_000, 12);
    c.calibrate(null, 1000, Number.NaN);
    c.calibrate(null, 0, 0);
    expect(of(c, null)).toBe(before);
  });
});
