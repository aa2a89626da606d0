import { assumed, said } from './reply.js';
import { schemaCapabilities } from './served-model.js';
import type { Ask, Reading, ServiceSpec } from './service-spec.js';

/**
 * The server of llama-cpp-python; measured on 0.3.36. Every request that needs the model, `GET /v1/models` among them, breaks
 * off the answer that it is giving to somebody else, so only its description is ever asked for. That is open without a key,
 * so a wrong key shows with the first answer. It checks no model name.
 */
export const llamaCppPython: ServiceSpec = {
  type: 'llama-cpp-python',
  name: 'llama-cpp-python',
  ports: [8000],
  transport: 'openai',
  endsOverlong: true,
  usesNumCtx: false,
  // Never seen in a list: so `openai-compatible` names what it recognised.
  owner: 'llama-cpp-python',
  never: ['GET /v1/models'],
  requests: ['GET /openapi.json'],
  identify: async (ask) => (await versionOf(ask)) !== undefined,
  read,
};

/** The title and version of the description, which may be long and is not read further. */
async function versionOf(ask: Ask): Promise<string | undefined> {
  const about = (await ask('GET /openapi.json'))?.text ?? '';
  const title = /"info"\s*:\s*\{\s*"title"\s*:\s*"[^"]*llama\.cpp Python API"\s*,\s*"version"\s*:\s*"([\w.+-]*)"/;
  return title.exec(about)?.[1];
}

/** What it loads with where it is not told otherwise. */
const DEFAULT_CONTEXT = 2048;

async function read(ask: Ask, named?: readonly string[]): Promise<Reading | null> {
  const version = await versionOf(ask);
  if (version === undefined) return null;
  // It answers only once its model is in memory; of several, which one is not known.
  const state = named !== undefined && named.length > 1 ? assumed('unknown' as const) : said('loaded' as const);
  const models = (named ?? ['default']).map((id) => ({
    id,
    state,
    contextLength: assumed(DEFAULT_CONTEXT),
    // Tools are called only where a request forces one.
    capabilities: schemaCapabilities(id),
  }));
  return { status: 'up', version: version || undefined, maxConcurrent: 1, models };
}
