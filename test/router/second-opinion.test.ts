import { afterEach, describe, expect, it } from 'vitest';
import { judgeClassifier, modelJudge } from '../../src/classifiers.js';
import type { ModelJudge, TaskClassifier } from '../../src/core/second-opinion.js';
import { LocalLLMRouter } from '../../src/router/local-llm-router.js';
import type { RouterOptions } from '../../src/router/router-options.js';
import { type FakeServer, fakeOllama } from '../../src/testing.js';

let server: FakeServer | undefined;
let router: LocalLLMRouter | undefined;
afterEach(async () => {
  await router?.close();
  await server?.close();
});

const CODER = 'qwen2.5-coder:7b';
const SMALL = 'qwen3:1.7b';

async function start(options: RouterOptions, reply: string | ((model: string) => string) = 'hello') {
  server = await fakeOllama({
    models: [
      { id: CODER, loaded: true },
      { id: SMALL, loaded: true },
    ],
    reply: typeof reply === 'string' ? reply : ({ model }) => reply(model ?? ''),
  });
  router = new LocalLLMRouter({ discovery: false, services: [{ type: 'ollama', baseURL: server.url }], ...options });
  return router;
}

/** Something that says little about what is wanted. */
const VAGUE = { messages: [{ role: 'user' as const, content: 'hmm, the thing' }] };
const classifier = (classify: TaskClassifier['classify'], when?: TaskClassifier['when']): TaskClassifier => ({
  classify,
  ...(when === undefined ? {} : { when }),
});

describe('a second opinion on the task', () => {
  it('decides where the first one is unsure, and the decision says so', async () => {
    const made = await start({
      classifier: classifier(({ first }) => ({ ...first, category: 'documentation', confidence: 0.9 })),
    });
    const { decision } = await made.route(VAGUE);
    expect(decision.task).toMatchObject({ category: 'documentation', confidence: 0.9 });
    expect(decision.notes.join(' ')).toMatch(
      /Unsure of the task \(\w+ at 0\.\d+\).*The classifier says documentation at 0\.90/,
    );
  });

  it('is not asked about a task that is sure or given, nor by explain', async () => {
    let asked = 0;
    const made = await start({
      classifier: classifier(() => {
        asked += 1;
        return null;
      }),
    });
    await made.route({ ...VAGUE, task: 'coding' });
    await made.explain(VAGUE);
    await made.route({ messages: [{ role: 'user', content: 'Write a function that adds two numbers in Python' }] });
    expect(asked).toBe(0);
    await made.route(VAGUE);
    expect(asked).toBe(1);
  });

  it('is asked always where it wants to be', async () => {
    const made = await start({
      classifier: classifier(({ first }) => ({ ...first, category: 'analysis' }), 'always'),
    });
    const { decision } = await made.route('Write a function that adds two numbers in Python');
    expect(decision.task.category).toBe('analysis');
  });

  it.each<[string, TaskClassifier['classify']]>([
    [
      'throws',
      () => {
        throw new Error('SECRET');
      },
    ],
    ['rejects', () => Promise.reject(new Error('SECRET'))],
    ['gives nonsense', () => ({ category: 'poetry' }) as never],
    ['gives a text', () => 'coding' as never],
    ['gives nothing', () => null],
  ])('that %s changes nothing', async (_, classify) => {
    const made = await start({ classifier: classifier(classify) });
    const { decision, text } = await made.route(VAGUE);
    expect(text).toBe('hello');
    expect(decision.task).toEqual((await made.explain(VAGUE)).task);
    expect(decision.notes.join(' ')).toContain('The classifier');
    expect(JSON.stringify(decision)).not.toContain('SECRET');
  });

  it('that never comes is left after five seconds of the clock', async () => {
    const timers: { fn: () => void; ms: number }[] = [];
    const made = await start({
      classifier: classifier(() => {
        for (const { fn, ms } of timers) if (ms === 5_000) fn();
        return new Promise(() => {});
      }),
      clock: {
        now: () => performance.now(),
        setTimeout: (fn, ms) => timers.push({ fn, ms }),
        clearTimeout: () => {},
      },
    });
    const { decision } = await made.route(VAGUE);
    expect(decision.notes.join(' ')).toContain('The classifier failed (ERR_TIMEOUT)');
  });

  it('that asks the same router about the same request comes to an end', async () => {
    let asked = 0;
    const made: LocalLLMRouter = await start({
      classifier: classifier(async ({ messages }) => {
        // Without a bound nothing else of the process would ever run again, this test's own time limit included.
        if (++asked > 1_000) throw new Error('without end');
        await made.route({ messages: [...messages] });
        return null;
      }),
    });
    expect((await made.route(VAGUE)).text).toBe('hello');
    expect(asked).toBeLessThan(100);
  });

  it('comes from a small model of the same router', async () => {
    const made: LocalLLMRouter = await start(
      { classifier: judgeClassifier({ router: () => made, model: SMALL }) },
      (model) => (model === SMALL ? 'analysis' : 'the answer'),
    );
    const { decision } = await made.route({ ...VAGUE, model: CODER });
    expect(decision.task.category).toBe('analysis');
  });
});

describe('a judge of the model', () => {
  const judge = (choose: ModelJudge['choose']): ModelJudge => ({ choose });

  it('puts its choice first, and the decision says why', async () => {
    const made = await start({
      judge: judge(async ({ candidates }) => ({ model: String(candidates[1]?.model.id), reason: 'I like it' })),
    });
    const { ranked } = await made.explain('Write a function');
    const { model, decision } = await made.route('Write a function');
    expect(model.id).toBe(ranked[1]?.model.id);
    expect(decision.notes.join(' ')).toMatch(/The judge chose .*: I like it\./);
  });

  it.each<[string, ModelJudge['choose']]>([
    ['names a model that is not there', async () => ({ model: 'gpt-9', reason: '' })],
    [
      'throws',
      () => {
        throw new Error('no');
      },
    ],
    ['has no choice', async () => null],
    ['gives nonsense', async () => 7 as never],
  ])('that %s changes nothing', async (_, choose) => {
    const made = await start({ judge: judge(choose) });
    const { selected } = await made.explain('Write a function');
    expect((await made.route('Write a function')).model.id).toBe(selected?.model.id);
  });

  it('that fails keeps the ranking, and that asks the same router comes to an end', async () => {
    const failing = await start({ judge: judge(() => Promise.reject(new Error('no'))) });
    const { decision } = await failing.route('Write a function');
    expect(decision.notes.join(' ')).toMatch(/The judge failed \(Error\) after \d+ ms, so the ranking stays\./);
    await failing.close();
    await server?.close();
    let asked = 0;
    const made: LocalLLMRouter = await start({
      judge: judge(async ({ messages }) => {
        if (++asked > 1_000) throw new Error('without end');
        await made.route({ messages: [...messages] });
        return null;
      }),
    });
    expect((await made.route({ messages: [{ role: 'user', content: 'Write a function' }] })).text).toBe('hello');
    expect(asked).toBeLessThan(100);
  });

  it('is not asked where the request names the model', async () => {
    let asked = 0;
    const made = await start({
      judge: judge(async () => {
        asked += 1;
        return null;
      }),
    });
    await made.route({ prompt: 'Write a function', model: SMALL });
    expect(asked).toBe(0);
  });

  it('can be a small model of the same router', async () => {
    const made: LocalLLMRouter = await start({ judge: modelJudge({ router: () => made, model: SMALL }) }, (model) =>
      model === SMALL ? '2' : 'the answer',
    );
    const { ranked } = await made.explain('Write a function');
    expect((await made.route('Write a function')).decision.selected?.model.id).toBe(ranked[1]?.model.id);
  });
});

describe('a call', () => {
  it('can do without Serena, or insist on it', async () => {
    const calls: string[] = [];
    const made = await start({
      serena: {
        listTools: async () => ['find_symbol'],
        callTool: async (name) => {
          calls.push(name);
          return { text: '[]', isError: false };
        },
      },
    });
    await made.route('Why does `SessionCache.refresh` in our code return stale tokens?', { serena: false });
    expect(calls).toEqual([]);
    const { decision } = await made.route('Tell me about `SessionCache`', { serena: true });
    expect(decision.serena.calls.length).toBeGreaterThan(0);
  });
});
