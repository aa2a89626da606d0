import { asArray, asObject } from '../internal/json.js';
import { assumed, listReading, openAiList, said } from './reply.js';
import type { Ask, ModelFacts, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * The API server of the GPT4All application; facts read from its source (3.10), not checked against a real server.
 * It answers in one piece, knows neither tools nor JSON output, and takes one request at a time.
 */
export const gpt4all: ServiceSpec = {
  type: 'gpt4all',
  name: 'GPT4All',
  ports: [4891],
  transport: 'gpt4all',
  usesNumCtx: false,
  answersWhole: true,
  owner: 'humanity',
  requests: ['GET /v1/chat/completions', 'GET /v1/models'],
  identify,
  read,
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  // First, because the wrong method is refused before any model is looked at, by other servers too.
  const chat = await ask('GET /v1/chat/completions');
  if (isOff(chat)) return isOff(await ask('GET /v1/models'));
  const error = asObject(asObject(chat?.json)?.['error']);
  if (chat?.status !== 405 || error?.['code'] !== 'method_not_supported') return false;
  return openAiList(await ask('GET /v1/models'))?.every(({ item }) => isOwn(item)) ?? false;
}

/** The application listens also while its server is switched off in the settings, and then says nothing more than this. */
function isOff(reply: Reply | null): boolean {
  if (reply?.status !== 401 || reply.text !== '' || reply.headers.has('www-authenticate')) return false;
  return reply.headers.get('access-control-allow-origin') === '*';
}

function isOwn(item: Json): boolean {
  return item['owned_by'] === 'humanity' && asObject(asArray(item['permissions'])[0])?.['id'] === 'placeholder';
}

async function read(ask: Ask): Promise<Reading | null> {
  const list = await ask('GET /v1/models');
  if (isOff(list)) {
    const why = 'has its API server switched off';
    return {
      status: 'unauthorized',
      models: [],
      refused: { why, remedy: 'Enable the local API server in the settings of GPT4All; it takes no key.' },
    };
  }
  return listReading(list, undefined, (items) => ({
    maxConcurrent: 1,
    models: items.map(({ name }) => modelFacts(name)),
  }));
}

function modelFacts(id: string): ModelFacts {
  return {
    id,
    // Whatever the model could do: requests with tools, images or a response format are refused.
    capabilities: said(['completion', 'chat']),
    // A setting of the application for each model, which no reply tells; this is its default.
    contextLength: assumed(2_048),
    // The list holds models of providers in the cloud that were set up in the application, and does not mark them.
    remote: 'unknown',
  };
}
