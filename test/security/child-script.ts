import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Makes a script that Node.js can run as a process of its own out of code that imports the sources. */
export async function childScript(contents: string): Promise<{ path: string; done(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'router-child-'));
  const path = join(directory, 'child.cjs');
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: fileURLToPath(new URL('../../', import.meta.url)), loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'cjs',
    write: false,
  });
  await writeFile(path, outputFiles[0]?.text ?? '');
  return { path, done: () => rm(directory, { recursive: true }) };
}

/** Runs such a script to its end, below another command if there is one; gives what it wrote. */
export function runChild(path: string, args: readonly string[], below: readonly string[] = []): Promise<string> {
  const [program, ...rest] = [...below, process.execPath, path, ...args] as [string, ...string[]];
  return new Promise((resolve, reject) => {
    execFile(program, rest, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}
