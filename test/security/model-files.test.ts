import { createHash } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import { chmod, mkdir, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type RouterError, SecurityModule, type SecurityOptions } from 'local-llm-router';
import { describe, expect, it, onTestFinished } from 'vitest';
import { scratch } from './records.js';

const sha = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const failure = (work: Promise<unknown>): Promise<RouterError> =>
  work.then(
    () => Promise.reject(new Error('it did not fail')),
    (error: RouterError) => error,
  );

/** A folder with these files. */
async function folder(files: Readonly<Record<string, string | Uint8Array>>): Promise<(name: string) => string> {
  const { path, done } = await scratch();
  onTestFinished(done);
  for (const [name, content] of Object.entries(files)) await writeFile(join(path, name), content);
  return (name) => join(path, name);
}

const security = (o: SecurityOptions = {}): SecurityModule => new SecurityModule(o);

describe('hashModelFiles', () => {
  it('gives the SHA-256 of each file by the path as given', async () => {
    const large = new Uint8Array(3 * 1_048_576 + 17).map((_, i) => i % 251);
    const at = await folder({ 'a.gguf': 'weights', empty: '', 'large.gguf': large });
    const paths = [at('a.gguf'), at('empty'), at('large.gguf'), at('a.gguf')];
    expect(await security().hashModelFiles(paths)).toEqual({
      [at('a.gguf')]: `sha256:${sha('weights')}`,
      [at('empty')]: `sha256:${sha('')}`,
      [at('large.gguf')]: `sha256:${sha(large)}`,
    });
    expect(await security().hashModelFiles([])).toEqual({});
  });

  it('follows links, as in the cache of Hugging Face, and keeps every name', async () => {
    const at = await folder({ blob: 'weights' });
    await symlink(at('blob'), at('__proto__'));
    const made = await security().hashModelFiles([at('__proto__')]);
    expect(Object.values(made)).toEqual([`sha256:${sha('weights')}`]);
  });

  it('does not hold a file in memory', async () => {
    const at = await folder({ 'sparse.gguf': '' });
    await truncate(at('sparse.gguf'), 300 * 1_048_576);
    const before = process.memoryUsage();
    await security().hashModelFiles([at('sparse.gguf')]);
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    expect(arrayBuffers + heapUsed - before.arrayBuffers - before.heapUsed).toBeLessThan(64 * 1_048_576);
  });

  it.each([
    ['the path', (at: (name: string) => string) => at('a.gguf')],
    ['the base name', () => 'a.gguf'],
  ])('verifies a file that is pinned by %s', async (_, key) => {
    const at = await folder({ 'a.gguf': 'weights' });
    const name = key(at);
    const check = (pin: string) => security({ pins: { [name]: pin } }).hashModelFiles([at('a.gguf')]);
    await expect(check(sha('weights'))).resolves.toBeDefined();
    await expect(check(`sha256:${sha('weights').slice(0, 12)}`)).resolves.toBeDefined();
    await expect(check('size:7:Q4_K_M')).resolves.toBeDefined();
    await expect(check('name')).resolves.toBeDefined();
    const forged = await failure(check(sha('others')));
    expect(forged).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    expect(forged.message).toBe(
      `hashModelFiles: ${at('a.gguf')} has the digest ${sha('weights').slice(0, 12)}, not ${sha('others').slice(0, 12)}. Fetch it again from where you trust it.`,
    );
    expect((await failure(check('size:8'))).message).toContain('has 7 bytes, not 8');
  });

  it('verifies a blob of Ollama against its name', async () => {
    const good = `sha256-${sha('weights')}`;
    const bad = `sha256-${sha('others')}`;
    const at = await folder({ [good]: 'weights', [bad]: 'weights' });
    const strict = security({ pinMode: 'enforce' });
    await expect(strict.hashModelFiles([at(good)])).resolves.toBeDefined();
    expect(await failure(strict.hashModelFiles([at(bad)]))).toMatchObject({ code: 'ERR_MODEL_MISMATCH' });
    await expect(security().hashModelFiles([at(bad)])).resolves.toEqual({ [at(bad)]: `sha256:${sha('weights')}` });
  });

  it('records a mismatch without the path, and goes on where that was asked for', async () => {
    const at = await folder({ 'secret-project.gguf': 'weights' });
    const pins = { 'secret-project.gguf': sha('others') };
    const lenient = security({ pins, pinMode: 'warn' });
    expect(await lenient.hashModelFiles([at('secret-project.gguf')])).toEqual({
      [at('secret-project.gguf')]: `sha256:${sha('weights')}`,
    });
    const records = lenient.audit.recent().filter(({ event }) => event === 'pin.mismatch');
    expect(records).toMatchObject([{ phase: 'file', outcome: 'mismatch', pin: 'digest', digest: sha('weights') }]);
    expect(JSON.stringify(lenient.audit.recent())).not.toContain('secret-project');
    const off = security({ pins, pinMode: 'off' });
    await off.hashModelFiles([at('secret-project.gguf')]);
    expect(off.audit.recent().filter(({ event }) => event === 'pin.mismatch')).toEqual([]);
    const strict = security({ pins });
    await failure(strict.hashModelFiles([at('secret-project.gguf')]));
    expect(strict.audit.recent().filter(({ event }) => event === 'pin.mismatch')).toHaveLength(1);
  });

  it('names a file that cannot be read', async () => {
    const at = await folder({ locked: 'weights' });
    await mkdir(at('folder'));
    expect(await failure(security().hashModelFiles([at('gone.gguf')]))).toMatchObject({
      code: 'ERR_INVALID_REQUEST',
      message: `hashModelFiles: ${at('gone.gguf')}: ENOENT; check the path and who may read it.`,
    });
    expect((await failure(security().hashModelFiles([at('folder')]))).message).toContain('it is no file');
    expect((await failure(security().hashModelFiles(['a\0b']))).code).toBe('ERR_INVALID_REQUEST');
    await chmod(at('locked'), 0);
    if (process.getuid?.() !== 0) {
      expect((await failure(security().hashModelFiles([at('locked')]))).message).toContain('EACCES');
    }
  });

  it.runIf(process.platform === 'linux')('does not wait for a pipe or a device', async () => {
    expect((await failure(security().hashModelFiles(['/dev/zero']))).message).toContain('/dev/zero: it is no file');
  });

  it('ends when its signal does', async () => {
    const at = await folder({ 'sparse.gguf': '' });
    await truncate(at('sparse.gguf'), 50_000 * 1_048_576);
    const controller = new AbortController();
    const work = security().hashModelFiles([at('sparse.gguf')], { signal: controller.signal });
    setImmediate(() => controller.abort());
    expect(await failure(work)).toMatchObject({ code: 'ERR_ABORTED' });
  });

  it('refuses a file that is written meanwhile', async () => {
    const at = await folder({ 'growing.gguf': 'first half' });
    // Read once the file is open.
    const signal = {
      get aborted() {
        appendFileSync(at('growing.gguf'), 'second half');
        return false;
      },
    } as AbortSignal;
    const error = await failure(security().hashModelFiles([at('growing.gguf')], { signal }));
    expect(error.code).toBe('ERR_INVALID_REQUEST');
    expect(error.message).toContain('it changed while it was read');
  });

  it.each([['a.gguf'], [[5]], [['']], [undefined]])('refuses %j as paths', async (paths) => {
    expect(await failure(security().hashModelFiles(paths as never))).toMatchObject({
      code: 'ERR_INVALID_REQUEST',
      message: expect.stringMatching(/hashModelFiles: paths/),
    });
  });
});
