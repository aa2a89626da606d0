import type { Capability } from '../core/model.js';
import { asCount, asObject, asString } from '../internal/json.js';
import { assumed, goodObject, refusal, said } from './reply.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * TabbyAPI; facts read from its source, not checked against a real server with a model.
 * Only the loaded model is asked for: with an administrator's key the list is the whole folder, of which a request may load any.
 */
export const tabbyAPI: ServiceSpec = {
  type: 'tabbyapi',
  name: 'TabbyAPI',
  ports: [5000],
  transport: 'openai',
  usesNumCtx: false,
  owner: 'tabbyAPI',
  requests: ['GET /.well-known/serviceinfo', 'GET /v1/model'],
  identify,
  read,
  // For an administrator's key only. Progress comes as events, and so does a failure.
  load: {
    takesUnlisted: true,
    requests: ({ id }) => [{ path: '/v1/model/load', body: { name: id, model_name: id } }],
    outcome: ({ status, text }) => (status === 200 && !text.includes('"finished"') ? 'failed' : undefined),
  },
  unload: { requests: () => [{ path: '/v1/model/unload' }] },
};

async function identify(ask: Ask): Promise<boolean> {
  return softwareOf(await ask('GET /.well-known/serviceinfo'))?.['name'] === 'TabbyAPI';
}

function softwareOf(reply: Reply | null): Record<string, unknown> | undefined {
  return asObject(goodObject(reply)?.['software']);
}

async function read(ask: Ask): Promise<Reading | null> {
  const [about, reply] = await Promise.all([ask('GET /.well-known/serviceinfo'), ask('GET /v1/model')]);
  const version = asString(softwareOf(about)?.['version']);
  // It says so without a model and while it loads one.
  if (reply?.status === 503) return { status: 'up', version, models: [] };
  const status = refusal(reply);
  if (status !== undefined) return { status, version, models: [] };
  const card = goodObject(reply);
  const id = asString(card?.['id']);
  if (card?.['owned_by'] !== 'tabbyAPI' || id === undefined) return null;
  const parameters = asObject(card['parameters']) ?? {};
  const slots = asCount(parameters['max_batch_size']);
  return { status: 'up', version, maxConcurrent: slots, models: [modelFacts(id, parameters, slots)] };
}

function modelFacts(id: string, parameters: Record<string, unknown>, slots: number | undefined): ModelFacts {
  // Without a template a chat is refused; with one, nothing tells whether it knows tools.
  const isCompletionOnly = parameters['prompt_template'] === null;
  const found: Capability[] = isCompletionOnly ? ['completion'] : ['completion', 'chat', 'json-schema'];
  if (parameters['use_vision'] === true) found.push('vision');
  return {
    id,
    state: said('loaded'),
    capabilities: isCompletionOnly ? said(found) : assumed(found),
    contextLength: said(asCount(parameters['max_seq_len'])),
    parallelSlots: said(slots),
  };
}
