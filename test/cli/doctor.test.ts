import { readFileSync } from 'node:fs';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { failuresText } from '../../src/cli/diagnosis.js';
import { run, tooWide } from './run.js';

const LONG = 'hf.co/bartowski/Qwen2.5-Coder-32B-Instruct-abliterated-GGUF:Q4_K_M';
const tags = {
  models: [
    { name: 'qwen2.5-coder:7b', digest: 'a', details: { context_length: 32_768 }, capabilities: ['completion'] },
    { name: LONG, digest: 'b', details: { context_length: 131_072 }, capabilities: ['completion'] },
    { name: 'big:480b-cloud', digest: 'c', remote_host: 'https://ollama.com', capabilities: ['completion'] },
  ],
};
const ollama = [
  http.get('http://localhost:11434/', () => HttpResponse.text('Ollama is running')),
  http.get('http://localhost:11434/api/version', () => HttpResponse.json({ version: '0.33.0\u001b[2J' })),
  http.get('http://localhost:11434/api/tags', () => HttpResponse.json(tags)),
  http.get('http://localhost:11434/api/ps', () =>
    HttpResponse.json({ models: [{ name: 'qwen2.5-coder:7b', digest: 'a', context_length: 8_192 }] }),
  ),
  http.post('http://localhost:11434/api/show', () => HttpResponse.json({})),
];
const lockedLmStudio = http.all('http://localhost:1234/*', () =>
  HttpResponse.json({ error: { message: 'key', code: 'invalid_api_key' } }, { status: 401 }),
);
const page = http.all('http://localhost:3000/*', () => HttpResponse.html('<h1>My shop</h1>'));

// Nothing else listens.
const server = setupServer(http.all('*', () => HttpResponse.error()));
beforeAll(() => server.listen());
beforeEach(() => void vi.stubEnv('NO_COLOR', ''));
afterEach(() => {
  server.resetHandlers();
  vi.unstubAllEnvs();
});
afterAll(() => server.close());

describe('doctor', () => {
  it('tells once what is wrong with a host, not for each of its ports', async () => {
    const { out } = await run(['doctor', '--host', '8.8.8.8']);
    expect(out.split('8.8.8.8 is in no').length - 1).toBe(1);
  });

  it('shows services and models, what failed and what to do, within 80 columns', async () => {
    server.use(...ollama, lockedLmStudio, page);
    const { code, out, err } = await run(['doctor', '--host', 'localhost']);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(out).toMatch(/^2 model server\(s\), 2 usable model\(s\); \d+ ms on \w+/);
    expect(out).toContain('Ollama 0.33.0\\u001b[2J at http://localhost:11434\n');
    expect(out).toMatch(/^ {2}qwen2\.5-coder:7b +8,192 server \/ 32,768 server +loaded$/m);
    // A name that is too long for its column stands above the rest.
    expect(out).toMatch(new RegExp(`^ {2}${LONG}\n +4,096 assumed / 131,072 server +unloaded$`, 'm'));
    expect(out).toMatch(/big:480b-cloud .*\n {4}runs on another machine: refused/);
    expect(out).toContain('LM Studio at http://localhost:1234 (unauthorized)\n\n');
    expect(out).toMatch(
      /Tried without success\n[\s\S]*LM Studio at http:\/\/localhost:1234 wants a key\.\n {2}Give its key:/,
    );
    expect(out).toMatch(/http:\/\/localhost:3000 answers \(HTTP 200\), but not as a known model\s+server/);
    expect(out).toMatch(/What to do\n- The context of\s+hf\.co/);
    expect(out).toMatch(
      /Deployment, for a router without options\n- (?:error|warning): [\s\S]*- \d+ further points are fulfilled/,
    );
    expect(out).toMatch(/- warning: These run on other machines[\s\S]*big:480b-cloud/);
    expect(tooWide(out)).toEqual([]);
    expect(out).not.toContain('\u001b');
  });

  it('has the same for machines, and nothing beside it', async () => {
    server.use(...ollama);
    const { code, out, err } = await run(['doctor', '--json', '--host', 'localhost']);
    const report = JSON.parse(out);
    expect(code).toBe(0);
    expect(err).toBe('');
    expect(report.environment.os).toEqual(expect.any(String));
    expect(report.services).toMatchObject([{ id: 'ollama@localhost:11434', models: [{}, {}, { remote: 'yes' }] }]);
    expect(report.failures.length).toBeGreaterThan(0);
    expect(report.elapsedMs).toEqual(expect.any(Number));
    expect(report.deployment.ok).toEqual(expect.any(Boolean));
    expect(report.deployment.findings.map(({ id }: { id: string }) => id)).toContain('network.firewall');
  });

  it.each([
    ['nothing runs', []],
    ['a server wants a key', [lockedLmStudio]],
    [
      'every model runs elsewhere',
      [http.get('http://localhost:11434/api/tags', () => HttpResponse.json({ models: [tags.models[2]] })), ...ollama],
    ],
  ])('ends with 1 and says what to do where %s', async (_, handlers) => {
    server.use(...handlers);
    const { code, out } = await run(['doctor', '--host', 'localhost']);
    expect(code).toBe(1);
    expect(out).toMatch(/^\d model server\(s\), 0 usable model\(s\)/);
    expect(out).toMatch(/Start a model server|Give its key|refused unless external use is granted/);
    expect(tooWide(out)).toEqual([]);
  });

  it('has colour and a progress line for a person only, and no colour where NO_COLOR is set', async () => {
    server.use(...ollama);
    const seen = await run(['doctor', '--host', 'localhost'], true);
    expect(seen.out).toContain('\u001b[36mOllama');
    expect(seen.err).toMatch(/^Looking for model servers \.\.\.\r +\r$/);
    vi.stubEnv('NO_COLOR', '1');
    expect((await run(['doctor', '--host', 'localhost'], true)).out).not.toContain('\u001b');
  });

  it('reads the variables of the servers only with --env', async () => {
    vi.stubEnv('OLLAMA_HOST', '127.0.0.1:7000');
    server.use(http.get('http://127.0.0.1:7000/api/tags', () => HttpResponse.json(tags)));
    expect((await run(['doctor', '--json', '--host', 'localhost'])).out).not.toContain('7000');
    expect((await run(['models', '--json', '--env', '--host', 'localhost'])).out).toContain('127.0.0.1:7000');
  });
});

describe('what was tried', () => {
  it('is one sentence for all closed ports, and one each for the rest', () => {
    const closed = { code: 'ECONNREFUSED', reason: 'Nothing listens.', remedy: 'Start it.' };
    const lines = failuresText([
      { ...closed, baseURL: 'http://localhost:1234', type: 'lmstudio' },
      {
        code: 'ERR_TIMEOUT',
        baseURL: 'http://10.0.0.1:8000',
        reason: 'No answer within 1000 ms.',
        remedy: 'Check it.',
      },
      { ...closed, baseURL: 'http://localhost:8080' },
    ]);
    expect(lines).toEqual([
      '- No answer within 1000 ms.',
      '  Check it.',
      '- Nothing listens at localhost:1234 (lmstudio), localhost:8080.',
    ]);
  });
});

describe('models', () => {
  it('lists them, for a person and for machines', async () => {
    server.use(...ollama, lockedLmStudio);
    const text = await run(['models', '--host', 'localhost']);
    expect(text.code).toBe(0);
    expect(text.out).toMatch(/^Ollama/);
    expect(text.out).not.toContain('LM Studio');
    expect(tooWide(text.out)).toEqual([]);
    const { out } = await run(['models', '--json', '--host', 'localhost']);
    expect(JSON.parse(out).map(({ id }: { id: string }) => id)).toEqual(tags.models.map(({ name }) => name));
  });

  it('ends with 1 where there is none', async () => {
    const { code, out, err } = await run(['models', '--host', 'localhost']);
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain('doctor');
    expect(JSON.parse((await run(['models', '--json', '--host', 'localhost'])).out)).toEqual([]);
  });
});

describe('the command', () => {
  it.each([['help'], ['--help'], ['doctor', '--help'], ['models', '-h']])(
    '%s shows how it is used',
    async (...args) => {
      const { code, out, err } = await run(args);
      expect([code, err]).toEqual([0, '']);
      for (const word of ['doctor', 'models', 'audit verify', '--json', '--env', 'Exit codes'])
        expect(out).toContain(word);
      expect(tooWide(out)).toEqual([]);
    },
  );

  it.each([
    [[], /Name a command/],
    [['docter'], /no such command/],
    [['audit'], /no such command/],
    [['doctor', '--jsn'], /Unknown option '--jsn'[\s\S]*Usage: local-llm-router doctor/],
    [['doctor', 'now'], /Unexpected argument/],
    [['doctor', '--timeout', 'soon'], /probeTimeoutMs/],
    [['models', '--host', 'http://localhost'], /hosts\.0/],
  ])('%j is refused with 2, on the error output', async (args, message) => {
    const { code, out, err } = await run(args);
    expect([code, out]).toEqual([2, '']);
    expect(err).toMatch(message);
  });

  it('is the bin of the package, and can be run as it is', () => {
    const root = new URL('../../', import.meta.url);
    const { bin } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
    expect(bin).toEqual({ 'local-llm-router': 'dist/cli.js' });
    expect(readFileSync(new URL('src/cli.ts', root), 'utf8')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});
