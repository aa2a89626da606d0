import { inspect } from 'node:util';
import { RouterError } from 'local-llm-router';
import { describe, expect, it, vi } from 'vitest';

describe('RouterError', () => {
  it('carries what it was given and shows nothing else', () => {
    const error = new RouterError('ERR_TIMEOUT', 'Too slow.', { isRetryable: true, model: 'm1' });
    expect({ ...error }).toEqual({ name: 'RouterError', code: 'ERR_TIMEOUT', isRetryable: true, model: 'm1' });
    expect(error).toBeInstanceOf(Error);
  });

  it('keeps the partial text out of logs', () => {
    const error = new RouterError('ERR_INTERRUPTED', 'It broke off.', { partialText: 'canary' });
    expect(error.partialText).toBe('canary');
    const shown = [inspect(error, { depth: 9, showHidden: true }), JSON.stringify(error), `${error} ${error.stack}`];
    expect(shown.join()).not.toContain('canary');
  });

  it('is recognised across two installed copies, and nothing else is', async () => {
    vi.resetModules();
    const copy = await import('local-llm-router');
    const foreign = new copy.RouterError('ERR_CLOSED', 'Closed.');
    expect(foreign).not.toBeInstanceOf(RouterError);
    expect(RouterError.is(foreign)).toBe(true);
    for (const other of [new Error('x'), { code: 'ERR_CLOSED' }, null, undefined, 'ERR_CLOSED']) {
      expect(RouterError.is(other)).toBe(false);
    }
  });
});
