import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type TinyModel, tinyGguf } from './tiny-gguf.js';

export interface LlamaServer {
  readonly url: string;
  /** Milliseconds from start to ready. */
  readonly readyMs: number;
  stop(): Promise<void>;
}

// The server of the `xllamacpp` wheel. It ends when its input does: with us, however we end.
const SERVE = `
import json, os, sys
import xllamacpp as x

p = x.CommonParams()
p.model.path = sys.argv[1]
p.hostnames = ["127.0.0.1"]
p.port = 0
p.ui = False
p.fit_params = False
# More threads than free cores make it thousands of times slower.
p.cpuparams.n_threads = 1
p.cpuparams_batch.n_threads = 1
for key, value in json.loads(sys.argv[2]).items():
    setattr(p, key, set(value) if isinstance(getattr(p, key), set) else value)
server = x.Server(p)
print(json.dumps({"url": server.listening_address}), flush=True)
sys.stdin.read()
os._exit(0)
`;

/** Starts a real llama.cpp server with a generated model; options are the fields of its `CommonParams`. */
export async function startLlamaServer(
  model: TinyModel,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<LlamaServer> {
  const python = process.env['LLAMA_PYTHON'];
  if (python === undefined) throw new Error('Run this through `npm run test:real`: it prepares the server.');
  const folder = await mkdtemp(join(tmpdir(), 'llama-server-'));
  const [script, file] = [join(folder, 'serve.py'), join(folder, `${name}.gguf`)];
  await Promise.all([writeFile(script, SERVE), writeFile(file, tinyGguf(model))]);
  const started = performance.now();
  const child = spawn(python, [script, file, JSON.stringify({ model_alias: [name], ...options })], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // With a debugger installed a failing load would start it.
    env: { PATH: process.env['PATH'] ?? '', GGML_NO_BACKTRACE: '1' },
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log = (log + text).slice(-4_000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once('exit', () => resolve());
    child.once('error', () => resolve());
  });
  const lines = createInterface({ input: child.stdout });
  const url = await Promise.race([
    new Promise<string>((resolve) => {
      lines.once('line', (line) => resolve((JSON.parse(line) as { url: string }).url));
    }),
    ended.then(() => undefined),
  ]);
  const stop = async (): Promise<void> => {
    child.stdin.end();
    await ended;
    await rm(folder, { recursive: true, force: true });
  };
  if (url === undefined) {
    await stop();
    throw new Error(`llama.cpp did not start:\n${log}`);
  }
  return { url, readyMs: performance.now() - started, stop };
}
