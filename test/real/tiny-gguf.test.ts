import { afterAll, describe, expect, it } from 'vitest';
import { startLlamaServer } from './llama-server.js';
import type { RealServer } from './python-server.js';
import { tinyModels } from './tiny-model.js';

// The tools of the other tests here: generated models that behave as told, and a server that starts and stops.
const started: RealServer[] = [];
afterAll(async () => {
  await Promise.all(started.map((server) => server.stop()));
});
const start = async (kind: keyof typeof tinyModels): Promise<RealServer> => {
  const server = await startLlamaServer(tinyModels[kind], `tiny-${kind}`, { n_ctx: 1_024 });
  started.push(server);
  return server;
};
const chat = async (server: RealServer, body: object): Promise<Record<string, never>> => {
  const reply = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Say hi' }], ...body }),
  });
  expect(reply.status).toBe(200);
  return (await reply.json()) as Record<string, never>;
};

describe('generated models', () => {
  it('chain says its sentence and stops', async () => {
    const { choices, usage } = await chat(await start('chain'), {});
    expect(choices).toMatchObject([{ finish_reason: 'stop', message: { content: tinyModels.chain.pieces.join('') } }]);
    expect(usage).toMatchObject({ prompt_tokens: 25, completion_tokens: 36 });
  });

  it('endless goes on until it is told to stop', async () => {
    const { choices, usage } = await chat(await start('endless'), { max_tokens: 100 });
    expect(choices).toMatchObject([{ finish_reason: 'length' }]);
    expect(usage).toMatchObject({ completion_tokens: 100 });
  });

  it('think thinks before it answers', async () => {
    const { choices } = await chat(await start('think'), {});
    expect(choices).toMatchObject([
      {
        message: {
          content: ' Answer follows here now',
          reasoning_content: expect.stringContaining('look at this question'),
        },
      },
    ]);
  });

  it('tool calls the tool on offer', async () => {
    const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] };
    const tools = [{ type: 'function', function: { name: 'get_weather', parameters } }];
    const { choices } = await chat(await start('tool'), { tools });
    const call = { function: { name: 'get_weather', arguments: '{"city": "Oslo"}' } };
    expect(choices).toMatchObject([{ finish_reason: 'tool_calls', message: { tool_calls: [call] } }]);
  });

  it('the server ends with us and leaves nothing behind', async () => {
    const server = await startLlamaServer(tinyModels.chain, 'tiny-chain', { n_ctx: 512 });
    expect((await fetch(`${server.url}/health`)).status).toBe(200);
    await server.stop();
    await expect(fetch(`${server.url}/health`)).rejects.toThrow();
  });
});
