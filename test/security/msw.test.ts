import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { SecurityModule } from '../../src/security/security-module.js';

const server = setupServer();
beforeAll(() => server.listen());
afterEach(() => server.resetHandlers());
afterAll(() => server.close());

describe('a host that mocks a server with msw', () => {
  it('sees the guarded fetch use the mock, without DNS', async () => {
    server.use(
      http.post('http://localhost:11434/api/chat', async ({ request }) => HttpResponse.json(await request.json())),
    );
    const security = new SecurityModule();
    const response = await security.fetch('http://localhost:11434/api/chat', { method: 'POST', body: '{"model":"m"}' });
    expect(await response.json()).toEqual({ model: 'm' });
    await security.close();
  });

  it('sees a streamed mock come through, and an abort end one that does not end', async () => {
    const controller = new AbortController();
    server.use(
      http.get('http://localhost:11434/stream', () => {
        const body = new ReadableStream<Uint8Array>({
          start: (stream) => stream.enqueue(new TextEncoder().encode('one\n')),
        });
        return new HttpResponse(body, { headers: { 'content-type': 'application/x-ndjson' } });
      }),
    );
    const security = new SecurityModule();
    const response = await security.fetch('http://localhost:11434/stream', { signal: controller.signal });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe('one\n');
    const next = reader.read();
    controller.abort();
    await expect(next).rejects.toMatchObject({ code: 'ERR_ABORTED' });
    await security.close();
  });

  it('is still held to the policy, and mocked redirects are refused', async () => {
    let asked = false;
    server.use(
      http.all('http://8.8.8.8/*', () => {
        asked = true;
        return HttpResponse.json({});
      }),
      http.get('http://localhost:11434/moved', () => HttpResponse.redirect('http://8.8.8.8/', 307)),
    );
    const security = new SecurityModule();
    await expect(security.fetch('http://8.8.8.8/')).rejects.toMatchObject({ code: 'ERR_EGRESS_DENIED' });
    await expect(security.fetch('http://localhost:11434/moved')).rejects.toMatchObject({
      code: 'ERR_BAD_RESPONSE',
      message: expect.stringContaining('redirect refused') as string,
    });
    expect(asked).toBe(false);
    await security.close();
  });

  it('sees a mocked network failure as an unreachable server', async () => {
    server.use(http.get('http://localhost:11434/', () => HttpResponse.error()));
    const security = new SecurityModule();
    await expect(security.fetch('http://localhost:11434/')).rejects.toMatchObject({ code: 'ERR_UNREACHABLE' });
    await security.close();
  });
});
