import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface RealServer {
  readonly url: string;
  /** Milliseconds from start to ready. */
  readonly readyMs: number;
  /** Stops (`SIGSTOP`), continues or kills its process. */
  kill(signal: 'SIGSTOP' | 'SIGCONT' | 'SIGKILL'): void;
  stop(): Promise<void>;
}

/** What a script begins with: it ends when its input does, so with us, however we end. */
const ENDS_WITH_US = `
import json, os, sys, threading

def wait():
    sys.stdin.read()
    os._exit(0)

threading.Thread(target=wait, daemon=True).start()
`;

/**
 * Starts a server that a Python script runs. The script prints `{"url": ...}` as its first line when it listens; its first
 * argument is the folder that was filled for it, the second one the options as JSON.
 */
export async function startPythonServer(o: {
  readonly name: string;
  /** The variable in which `npm run test:real` hands over the interpreter. */
  readonly python: string;
  readonly script: string;
  readonly options: Readonly<Record<string, unknown>>;
  readonly env?: Readonly<Record<string, string>>;
  fill(folder: string): Promise<void>;
}): Promise<RealServer> {
  const python = process.env[o.python];
  if (python === undefined) throw new Error('Run this through `npm run test:real`: it prepares the server.');
  const folder = await mkdtemp(join(tmpdir(), 'real-server-'));
  const file = join(folder, 'serve.py');
  await Promise.all([writeFile(file, ENDS_WITH_US + o.script), o.fill(folder)]);
  const started = performance.now();
  const child = spawn(python, [file, folder, JSON.stringify(o.options)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env['PATH'] ?? '', ...o.env },
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
    throw new Error(`${o.name} did not start:\n${log}`);
  }
  return { url, readyMs: performance.now() - started, kill: (signal) => void child.kill(signal), stop };
}
