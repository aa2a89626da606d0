import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/core/clock.js';
import { systemClock } from '../../src/core/clock.js';
import type { SerenaClient } from '../../src/core/serena-client.js';
import type { TaskClassification } from '../../src/core/task.js';
import { type GatherOptions, gatherCodeContext } from '../../src/serena/gather.js';
import { captured, replay } from './captures.js';

const task = (o: Partial<TaskClassification> = {}): TaskClassification => ({
  category: 'coding',
  confidence: 0.9,
  alternatives: [],
  requiresSerena: true,
  keywordsMatched: [],
  taskType: 'code_generation',
  complexity: { score: 3, band: 'low', reasons: [] },
  ...o,
});

const options = (o: Partial<GatherOptions> & { text: string }): GatherOptions => ({
  task: task(),
  timeoutMs: 3000,
  tokenBudget: 2000,
  countTokens: (text) => Math.ceil(text.length / 4),
  signal: new AbortController().signal,
  clock: systemClock,
  id: () => 'f00d',
  ...o,
});

/** A clock whose timers fire when told. */
function handClock() {
  let now = 1000;
  const timers = new Map<number, { at: number; fn: () => void }>();
  let ids = 0;
  const clock: Clock = {
    now: () => now,
    setTimeout: (fn, ms) => {
      timers.set(++ids, { at: now + ms, fn });
      return ids;
    },
    clearTimeout: (id) => void timers.delete(id as number),
  };
  return {
    clock,
    timers,
    advance(ms: number) {
      now += ms;
      for (const [id, { at, fn }] of [...timers]) {
        if (at > now) continue;
        timers.delete(id);
        fn();
      }
    },
  };
}

const hang = () => new Promise<never>(() => {});
const tools = (calls: readonly { tool: string }[]) => calls.map(({ tool }) => tool);

describe('a named symbol', () => {
  it('comes with its body, and with its references where they matter', async () => {
    const { client, calls } = replay([
      ['find_symbol', { name_path_pattern: 'totalArea' }, 'find_symbol-body-and-info'],
      ['find_referencing_symbols', { name_path: 'totalArea', relative_path: 'src/group.ts' }, 'references'],
    ]);
    const { report, context } = await gatherCodeContext(
      client,
      options({ text: 'Refactor totalArea so that it uses reduce' }),
    );
    expect(report.state).toBe('ok');
    expect(tools(report.calls)).toEqual(['find_symbol', 'find_referencing_symbols']);
    expect(report.tokens).toBe(Math.ceil((context as string).length / 4));
    expect(context).toContain(
      '### Function totalArea in src/group.ts:18-24\nexport function totalArea(shapes: readonly Shape[]): number {',
    );
    expect(context).toContain('src/report.ts:9 in report/total: const total: string = totalArea(shapes);');
    expect(calls[0]?.args).toMatchObject({
      include_body: true,
      exclude_kinds: [1, 4],
      max_matches: 5,
      max_answer_chars: 8000,
    });
    expect(calls[0]?.timeoutMs).toBeGreaterThan(0);
    expect(calls[0]?.timeoutMs).toBeLessThanOrEqual(3000);
  });

  it('is looked for in the open file first, then everywhere, then by its last name', async () => {
    const { client, calls } = replay([['find_symbol', { name_path_pattern: 'area' }, 'find_symbol-body']], {
      root: '/home/toy',
    });
    const fileContext = { file: '/home/toy/src/main.ts' };
    const { context } = await gatherCodeContext(client, options({ text: 'Explain Shapes.area', fileContext }));
    const searches = calls
      .filter(({ tool }) => tool === 'find_symbol')
      .map(({ args }) => [args['name_path_pattern'], args['relative_path']]);
    expect(searches).toEqual([
      ['Shapes/area', 'src/main.ts'],
      ['Shapes/area', undefined],
      ['area', 'src/main.ts'],
    ]);
    expect(context).toContain('Method Circle/area in src/circle.ts:12-14');
  });

  it('that many have is listed by file, whether Serena calls that an error or an answer', async () => {
    for (const capture of ['find_symbol-max-matches', 'too-long-find_symbol-1-names']) {
      const { client } = replay([['find_symbol', {}, capture]]);
      const { report, context } = await gatherCodeContext(client, options({ text: 'What is `area`?' }));
      expect(report.calls).toMatchObject([{ outcome: 'ok' }]);
      expect(context).toMatch(/Several symbols have this name\nsrc\/\w+\.ts: \w+\/\w+/);
    }
  });

  it('is told by kind and place where only that came', async () => {
    const { client } = replay([['find_symbol', {}, 'find_symbol-substring']]);
    const { context } = await gatherCodeContext(client, options({ text: 'What is `area`?' }));
    expect(context).toContain('Method Shape/area in src/shape.ts:4');
  });

  it('that is an interface comes with what implements it, not with what is typed by it', async () => {
    const shape = {
      name_path: 'Shape',
      kind: 'Interface',
      relative_path: 'src/shape.ts',
      body_location: { start_line: 1, end_line: 4 },
      body: 'interface Shape {}',
    };
    const { client } = replay([
      ['find_symbol', {}, async () => ({ text: JSON.stringify([shape]), isError: false })],
      ['find_implementations', { name_path: 'Shape' }, 'implementations'],
    ]);
    const { context } = await gatherCodeContext(client, options({ text: 'Add a method to the interface Shape' }));
    expect(context).toContain('Class Square in src/square.ts:3-15');
    expect(context).not.toContain('Group/members');
  });
});

describe('references', () => {
  it.each([
    ['too-long-references-1-lines', 'src/big.ts:3 in Widget00/render'],
    ['too-long-references-2-counts', 'src/use-a.ts: 9 references'],
  ])('are read in their shortened form %s', async (capture, line) => {
    const { client } = replay([
      ['find_symbol', {}, 'find_symbol-body-and-info'],
      ['find_referencing_symbols', {}, capture],
    ]);
    const { context } = await gatherCodeContext(client, options({ text: 'Who uses totalArea?' }));
    expect(context).toContain(line);
  });

  it('that are empty or failed are never told as "no references"', async () => {
    for (const [capture, outcome] of [
      ['references-none', 'empty'],
      ['tsserver-dead-find_referencing_symbols', 'error'],
      ['references-ambiguous', 'error'],
    ] as const) {
      const { client } = replay([
        ['find_symbol', {}, 'find_symbol-body-and-info'],
        ['find_referencing_symbols', {}, capture],
      ]);
      const { report, context } = await gatherCodeContext(client, options({ text: 'Who uses totalArea?' }));
      expect(report.state).toBe('ok');
      expect(report.calls[1]).toMatchObject({ tool: 'find_referencing_symbols', outcome });
      expect(context).not.toMatch(/references/i);
    }
  });
});

describe('a file', () => {
  it('that is named comes with its symbols', async () => {
    const { client } = replay([
      ['get_symbols_overview', { relative_path: 'src/group.ts', depth: 1 }, 'overview-depth1'],
    ]);
    const { context } = await gatherCodeContext(client, options({ text: 'Summarise src/group.ts' }));
    expect(context).toContain('### Symbols of src/group.ts\nClass: Group (add, area)\nFunction: scale, totalArea');
  });

  it('whose folder is not said is looked for', async () => {
    const { client, calls } = replay([
      ['find_file', { file_mask: 'group.ts' }, async () => ({ text: '{"files": ["src/group.ts"]}', isError: false })],
      ['get_symbols_overview', { relative_path: 'src/group.ts' }, 'too-long-overview-2-counts'],
    ]);
    const { context } = await gatherCodeContext(client, options({ text: 'Summarise group.ts' }));
    expect(tools(calls)).toEqual(['find_file', 'get_symbols_overview']);
    expect(context).toContain('Class: 24 symbols');
  });

  it('with a cursor comes with what is under it, and with the body around it', async () => {
    const { client, calls } = replay([
      ['find_declaration', { relative_path: 'src/group.ts' }, 'declaration-position'],
      ['find_symbol', { name_path_pattern: '/' }, 'find_symbol-all-in-file'],
      [
        'find_symbol',
        { name_path_pattern: '/Group/area', relative_path: 'src/group.ts', include_body: true },
        'find_symbol-body',
      ],
    ]);
    const fileContext = { file: 'src/group.ts', position: { line: 12, character: 24 } };
    const { context } = await gatherCodeContext(client, options({ text: 'explain this', fileContext }));
    expect(calls[0]?.args).toEqual({
      relative_path: 'src/group.ts',
      regex: '\\A(?:[^\\n]*\\n){12}[^\\n]{24}([^\\n]?)',
      include_info: true,
    });
    expect(context).toContain('function totalArea(shapes: readonly Shape[]): number');
    expect(context).toContain('return Math.PI * this.radius * this.radius;');
    expect(context).toContain('Function scale[2], lines 28-30');
  });

  it.each([
    [0, 0, '\\A([^\\n]?)'],
    [0, 10, '\\A[^\\n]{10}([^\\n]?)'],
    [3, 0, '\\A(?:[^\\n]*\\n){3}([^\\n]?)'],
  ])('at line %i, character %i is asked by a pattern for that place', async (line, character, regex) => {
    const { client, calls } = replay([]);
    await gatherCodeContext(
      client,
      options({ text: 'x', fileContext: { file: 'a.ts', position: { line, character } } }),
    );
    expect(calls.find(({ tool }) => tool === 'find_declaration')?.args['regex']).toBe(regex);
  });

  it('outside of the project is not asked about', async () => {
    const { client, calls } = replay([], { root: '/home/toy' });
    const report = async (file: string) =>
      (await gatherCodeContext(client, options({ text: 'explain this', fileContext: { file } }))).report;
    for (const file of ['/etc/hosts.ts', '../secret.ts', 'src/../../x.ts', '/home/toy2/a.ts', '/home/toy']) {
      expect(await report(file)).toMatchObject({ state: 'empty', calls: [] });
    }
    expect(calls).toEqual([]);
    await report('C:\\x\\a.ts');
    expect(calls).toEqual([]);
    await report('/home/toy/src/a.ts');
    expect(calls[0]?.args['relative_path']).toBe('src/a.ts');
  });

  it('has its errors told where they are asked for, last and within a time of their own', async () => {
    const { client, calls } = replay([
      ['get_diagnostics_for_file', { relative_path: 'src/report.ts' }, 'diagnostics-error'],
    ]);
    const fileContext = { file: 'src/report.ts' };
    const { context } = await gatherCodeContext(client, options({ text: 'Fix the type errors', fileContext }));
    expect(calls.at(-1)).toMatchObject({ tool: 'get_diagnostics_for_file', timeoutMs: 1500 });
    expect(context).toContain("src/report.ts:9 Error: Type 'number' is not assignable to type 'string'.");
    const quiet = replay([]);
    await gatherCodeContext(quiet.client, options({ text: 'Explain this', fileContext }));
    await gatherCodeContext(quiet.client, options({ text: 'Fix the errors', fileContext: { file: 'package.json' } }));
    expect(tools(quiet.calls)).not.toContain('get_diagnostics_for_file');
  });

  it('without errors proves nothing', async () => {
    const { client } = replay([['get_diagnostics_for_file', {}, 'diagnostics-clean']]);
    const { report, context } = await gatherCodeContext(
      client,
      options({ text: 'Fix the errors', fileContext: { file: 'a.ts' } }),
    );
    expect(report.state).toBe('empty');
    expect(context).toBeNull();
  });
});

describe('a request that names nothing', () => {
  it('asks nothing', async () => {
    const { client, state } = replay([]);
    const ask = async (requiresSerena: boolean) =>
      (
        await gatherCodeContext(
          client,
          options({ text: 'Write a function that adds numbers', task: task({ requiresSerena }) }),
        )
      ).report;
    expect(await ask(false)).toMatchObject({ state: 'not-needed', calls: [], tokens: 0 });
    expect(await ask(true)).toMatchObject({ state: 'empty', calls: [] });
    expect(state.lists).toBe(0);
  });
});

describe('a client that fails', () => {
  const text = 'Refactor totalArea in src/group.ts';
  const reject = (error: unknown) => () => {
    throw error;
  };

  it.each([
    ['Serena has no project', 'no-project', 'error', 'failed'],
    ['its language server did not start', 'no-language-server-overview', 'error', 'failed'],
    ['a tool ran too long', 'tool-timeout', 'timeout', 'timeout'],
    ['a tool is gone', 'unknown-tool', 'error', 'failed'],
    ['nothing is found', 'find_symbol-none', 'empty', 'empty'],
    ['the answer is too long for any form', 'too-long-find_symbol-2-nothing', 'empty', 'empty'],
  ] as const)('is told as it is when %s', async (_, capture, outcome, state) => {
    const { client } = replay([
      ['find_symbol', {}, capture],
      ['get_symbols_overview', {}, capture],
    ]);
    const { report, context } = await gatherCodeContext(client, options({ text }));
    expect(report.state).toBe(state);
    expect(report.calls.length).toBeGreaterThan(0);
    for (const call of report.calls) expect(call.outcome).toBe(outcome);
    expect(context).toBeNull();
  });

  it.each([
    ['throws', reject(new Error('boom')), 'failed'],
    ['throws nothing', reject(undefined), 'failed'],
    ['says that it timed out', reject(Object.assign(new Error('x'), { code: -32001 })), 'timeout'],
    ['answers nonsense', async () => undefined as never, 'failed'],
    ['answers no text', async () => ({ text: 7, isError: false }) as never, 'failed'],
    ['answers prose', async () => ({ text: 'All fine!', isError: false }), 'failed'],
    ['answers JSON of another kind', async () => ({ text: '[1, null, {"name_path": 4}]', isError: false }), 'empty'],
  ] as const)('never breaks the call when it %s', async (_, answer, state) => {
    const { client } = replay([
      ['find_symbol', {}, answer],
      ['get_symbols_overview', {}, answer],
    ]);
    const { report, context } = await gatherCodeContext(client, options({ text }));
    expect(report.state).toBe(state);
    expect(context).toBeNull();
  });

  it.each([
    ['cannot list its tools', () => Promise.reject(new Error('gone'))],
    [
      'throws while listing',
      () => {
        throw new Error('gone');
      },
    ],
    ['lists nonsense', async () => 'find_symbol' as unknown as string[]],
    ['offers only its REPL', async () => ['serena_repl', 'initial_instructions']],
  ])('is told once when it %s', async (_, listTools) => {
    const client: SerenaClient = { listTools, callTool: reject(new Error('must not be called')) };
    const { report } = await gatherCodeContext(client, options({ text }));
    expect(report).toMatchObject({ state: 'failed', calls: [{ tool: 'tools/list', outcome: 'error' }] });
  });

  it('still gives what came before the time was over', async () => {
    const { client } = replay([
      ['find_symbol', {}, 'find_symbol-body-and-info'],
      ['find_referencing_symbols', {}, hang],
      ['get_symbols_overview', {}, 'overview'],
    ]);
    const hand = handClock();
    const gathering = gatherCodeContext(client, options({ text, clock: hand.clock }));
    await new Promise(setImmediate);
    hand.advance(3000);
    const { report, context } = await gathering;
    expect(report).toMatchObject({ state: 'ok', elapsedMs: 3000 });
    expect(report.calls).toContainEqual({ tool: 'find_referencing_symbols', ms: 3000, outcome: 'timeout' });
    expect(context).toContain('Function totalArea in src/group.ts:18-24');
    expect(hand.timers.size).toBe(0);
  });

  it('is left after the time limit when it hangs, whatever it does with the signal', async () => {
    for (const client of [
      { listTools: async () => ['find_symbol'], callTool: hang },
      { listTools: hang, callTool: hang },
    ]) {
      const hand = handClock();
      const gathering = gatherCodeContext(client, options({ text, clock: hand.clock }));
      await new Promise(setImmediate);
      hand.advance(2999);
      await new Promise(setImmediate);
      expect(hand.timers.size).toBeGreaterThan(0);
      hand.advance(1);
      expect((await gathering).report).toMatchObject({ state: 'timeout', elapsedMs: 3000 });
      expect(hand.timers.size).toBe(0);
    }
  });

  it('ends with the call when the caller aborts', async () => {
    const controller = new AbortController();
    const hand = handClock();
    const client: SerenaClient = { listTools: async () => ['find_symbol'], callTool: hang };
    const gathering = gatherCodeContext(client, options({ text, clock: hand.clock, signal: controller.signal }));
    await new Promise(setImmediate);
    controller.abort();
    await expect(gathering).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    expect(hand.timers.size).toBe(0);
  });
});

describe('the tools of a client', () => {
  it('are listed once, and again after one was gone', async () => {
    let answer = async () => captured('find_symbol-body');
    const { client, state } = replay([['find_symbol', {}, () => answer()]]);
    const ask = () => gatherCodeContext(client, options({ text: 'What is `area`?' }));
    await ask();
    await ask();
    expect(state.lists).toBe(1);
    answer = async () => captured('unknown-tool');
    await ask();
    await ask();
    expect(state.lists).toBe(2);
  });

  it('that are missing are not called', async () => {
    const { client, calls } = replay([['find_symbol', {}, 'find_symbol-body-and-info']], { tools: ['find_symbol'] });
    const { report } = await gatherCodeContext(
      client,
      options({ text: 'Refactor totalArea in group.ts, fix its errors' }),
    );
    expect(report.state).toBe('ok');
    expect(new Set(tools(calls))).toEqual(new Set(['find_symbol']));
  });

  it('that write or run something are never called', async () => {
    const { client, calls } = replay([['find_symbol', {}, 'find_symbol-body-and-info']]);
    const fileContext = { file: 'src/a.ts', position: { line: 1, character: 1 } };
    await gatherCodeContext(
      client,
      options({ text: 'rename totalArea, run execute_shell_command("ls"), fix errors', fileContext }),
    );
    for (const { tool } of calls) expect(tool).toMatch(/^(?:find_|get_)/);
  });
});
