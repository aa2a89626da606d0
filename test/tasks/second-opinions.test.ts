import { describe, expect, it } from 'vitest';
import {
  embeddingClassifier,
  judgeClassifier,
  type LocalRouter,
  modelJudge,
  modelSummarizer,
} from '../../src/classifiers.js';
import type { RouteOptions, RouteRequest } from '../../src/core/chat.js';
import type { RankedModel } from '../../src/core/decision.js';
import type { ServedModel } from '../../src/core/model.js';
import { classifyTask } from '../../src/tasks/classify-task.js';
import { served } from '../models/served.js';

const first = classifyTask('hm');
const ask = (content: string) => ({ messages: [{ role: 'user' as const, content }], first });
const o = { signal: new AbortController().signal };

/** A vector that says which words a text holds. */
function vectorOf(text: string): number[] {
  const vector = new Array<number>(512).fill(0);
  for (const word of text.toLowerCase().match(/\p{L}{2,}/gu) ?? []) {
    let at = 7;
    for (const char of word) at = (at * 31 + (char.codePointAt(0) as number)) % 512;
    vector[at] = (vector[at] ?? 0) + 1;
  }
  return vector;
}

interface Asked {
  readonly request: RouteRequest;
  readonly options: RouteOptions | undefined;
}

function stub(
  answer: string | Error,
  models: ServedModel[] = [served('qwen3:1.7b'), served('nomic-embed-text:latest')],
) {
  const asked: Asked[] = [];
  const embedded: (readonly string[])[] = [];
  let told: (() => void) | undefined;
  const router: LocalRouter = {
    discovery: { models: () => models },
    route: async (request, options) => {
      asked.push({ request, options });
      if (answer instanceof Error) throw answer;
      return { text: answer };
    },
    embed: async (texts) => {
      embedded.push(texts);
      told?.();
      return { embeddings: texts.map(vectorOf) };
    },
  };
  return { router, asked, embedded };
}

describe('a judge of the task', () => {
  it('says the category in a word, asked for no more than that', async () => {
    const { router, asked } = stub('Analysis.');
    const judge = judgeClassifier({ router: () => router, model: 'qwen3:1.7b', timeoutMs: 700 });
    expect(await judge.classify(ask('the totals look odd'), o)).toMatchObject({
      category: 'analysis',
      taskType: 'analysis',
      confidence: 0.75,
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toMatchObject({
      request: { model: 'qwen3:1.7b', maxTokens: 8, numCtx: 'server', task: 'analysis', temperature: 0 },
      options: { serena: false, timeouts: { totalMs: 700 } },
    });
    expect(asked[0]?.request.session).toBeUndefined();
  });

  it('is asked once for the same request', async () => {
    const { router, asked } = stub('coding');
    const judge = judgeClassifier({ router, model: 'qwen3:1.7b' });
    await judge.classify(ask('x'), o);
    await judge.classify(ask('x'), o);
    await judge.classify(ask('y'), o);
    expect(asked).toHaveLength(2);
  });

  it.each(['unloaded', 'sleeping', 'loading', 'unknown'] as const)(
    'is not asked while its model is %s',
    async (state) => {
      const { router, asked } = stub('coding', [served('qwen3:1.7b', { state })]);
      expect(await judgeClassifier({ router, model: 'qwen3:1.7b' }).classify(ask('x'), o)).toBeNull();
      expect(asked).toEqual([]);
    },
  );

  it('fails where no server lists its model, so that a wrong name does not stay unseen', async () => {
    const { router, asked } = stub('coding');
    const error = { code: 'ERR_NO_MODEL', message: expect.stringContaining('"qwen3-1.7-b"') };
    await expect(judgeClassifier({ router, model: 'qwen3-1.7-b' }).classify(ask('x'), o)).rejects.toMatchObject(error);
    const none = embeddingClassifier({ router, model: 'qwen3-1.7-b' });
    await expect((async () => none.classify(ask('x'), o))()).rejects.toMatchObject(error);
    expect(asked).toEqual([]);
  });

  it('without options at all is refused', () => {
    expect(() => judgeClassifier(undefined as never)).toThrow('judgeClassifier: router: got undefined');
  });

  it.each(['I would love to help!', 'coding or documentation', ''])('that says "%s" has no opinion', async (answer) => {
    const { router } = stub(answer);
    expect(await judgeClassifier({ router, model: 'qwen3-1.7b' }).classify(ask('x'), o)).toBeNull();
  });

  it('gets the head and the end of a long request', async () => {
    const { router, asked } = stub('coding');
    await judgeClassifier({ router, model: 'qwen3:1.7b' }).classify(ask(`HEAD ${'x'.repeat(1e6)} END`), o);
    const content = String(asked[0]?.request.messages?.[1]?.content);
    expect(content.length).toBeLessThan(2_100);
    expect(content).toMatch(/HEAD[\s\S]*END/);
  });

  it.each([
    [{ router: {} as LocalRouter, model: 'a' }, 'judgeClassifier: router'],
    [{ router: () => stub('').router, model: '' }, 'judgeClassifier: model'],
    [{ router: () => stub('').router, model: 'a', timeoutMs: -1 }, 'judgeClassifier: timeoutMs'],
  ])('with wrong options is refused by name', (options, name) => {
    expect(() => judgeClassifier(options)).toThrow(name);
  });
});

describe('a classifier by embeddings', () => {
  it('learns its examples once, in the background, then votes by the nearest', async () => {
    const { router, embedded } = stub('');
    const classifier = embeddingClassifier({ router, model: 'nomic-embed-text' });
    const request = ask('Write a README for the new package and add doc comments');
    expect(await classifier.classify(request, o)).toBeNull();
    await Promise.resolve();
    expect(embedded).toHaveLength(1);
    expect(embedded[0]?.length).toBeGreaterThan(100);
    const said = await classifier.classify(request, o);
    expect(said).toMatchObject({ category: 'documentation' });
    expect(said?.confidence).toBeGreaterThan(0.5);
    await classifier.classify(request, o);
    expect(embedded).toHaveLength(2);
  });

  it('asks again for its examples after a failure', async () => {
    const { router, embedded } = stub('');
    let failures = 1;
    const flaky: LocalRouter = {
      ...router,
      embed: (texts, options) => (failures-- > 0 ? Promise.reject(new Error('gone')) : router.embed(texts, options)),
    };
    const classifier = embeddingClassifier({ router: flaky, model: 'nomic-embed-text' });
    const told: unknown[] = [];
    for (let i = 0; i < 3; i++) {
      const asked = classifier.classify(ask('Explain what this function does'), o);
      told.push(await Promise.resolve(asked).catch((error: Error) => error.message));
      await new Promise((resolve) => setImmediate(resolve));
    }
    // The attempt that failed is named by the question after it.
    expect(told.slice(0, 2)).toEqual([null, 'gone']);
    expect(embedded.map(({ length }) => length > 1)).toEqual([true, false]);
  });

  it('has no opinion where nothing is near', async () => {
    const { router } = stub('');
    const classifier = embeddingClassifier({ router, model: 'nomic-embed-text' });
    await classifier.classify(ask('zzz'), o);
    await new Promise((resolve) => setImmediate(resolve));
    expect(await classifier.classify(ask('???'), o)).toBeNull();
  });
});

describe('a judge of the model', () => {
  const candidates: RankedModel[] = ['big:70b', 'small:3b'].map((id) => ({
    model: { id, key: null, service: 'ollama@h', type: 'ollama', baseURL: null },
    score: 1,
    parts: [{ name: 'quality', value: 1, weight: 1, reason: 'coding 0.9' }],
  }));
  const choose = (answer: string) => {
    const { router } = stub(answer);
    return modelJudge({ router, model: 'qwen3:1.7b' }).choose({ messages: ask('x').messages, candidates }, o);
  };
  it('names one by its number', async () => {
    expect(await choose('2')).toMatchObject({ model: 'ollama@h/small:3b' });
    expect(await choose('Model 1 is best')).toMatchObject({ model: 'ollama@h/big:70b' });
  });
  it.each(['', '0', '3', '99999999999999999999', 'small'])(
    'with an answer of "%s" keeps the ranking',
    async (answer) => {
      expect(await choose(answer)).toBeNull();
    },
  );
});

describe('a summary by a model', () => {
  it('is what the model wrote', async () => {
    const { router, asked } = stub('They want X.');
    const summarizer = modelSummarizer({ router, model: 'qwen3:1.7b' });
    const messages = [{ role: 'user' as const, content: 'do X' }];
    expect(await summarizer.summarize(messages, { maxTokens: 64 })).toBe('They want X.');
    expect(asked[0]?.request.maxTokens).toBe(64);
  });
  it('fails where the model is not loaded, so that the extract takes its place', async () => {
    const { router } = stub('', []);
    const work = modelSummarizer({ router, model: 'qwen3:1.7b' }).summarize([], { maxTokens: 64 });
    await expect(work).rejects.toMatchObject({ code: 'ERR_NO_MODEL' });
  });
});
