import { randomBytes } from 'node:crypto';
import fs from 'node:fs';

/** What file systems without hard links say. */
const NO_LINKS: ReadonlySet<string | undefined> = /* @__PURE__ */ new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS']);

/** Makes a private file (0600) that no process ever sees half; `false` where there is one already. With `flush` it survives a power failure. */
export function newFile(path: string, data: string | Uint8Array, flush = false): boolean {
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  const make = (at: string): void => fs.writeFileSync(at, data, { flag: 'wx', mode: 0o600, flush });
  try {
    make(draft);
    try {
      fs.linkSync(draft, path);
    } catch (error) {
      if (!NO_LINKS.has((error as { code?: string }).code)) throw error;
      make(path);
    }
    return true;
  } catch (error) {
    if ((error as { code?: string }).code === 'EEXIST') return false;
    throw error;
  } finally {
    fs.rmSync(draft, { force: true });
  }
}
