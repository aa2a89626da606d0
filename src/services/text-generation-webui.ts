import type { Capability } from '../core/model.js';
import { asObject, asString } from '../internal/json.js';
import { goodObject, openAiList, refusal, said } from './reply.js';
import type { Ask, Reading, Reply, ServiceSpec } from './service-spec.js';

/**
 * text-generation-webui with `--api`; measured on 4.7.3.
 * Nothing tells its window, and it cuts a prompt that does not fit without a word: the host gives `contextLength`.
 * Only the loaded model counts, because the name in a request is ignored and the list of files is the administrator's.
 */
export const textGenerationWebUI: ServiceSpec = {
  type: 'text-generation-webui',
  name: 'text-generation-webui',
  ports: [5000],
  transport: 'openai',
  cutsPrompts: true,
  looseJson: true,
  usesNumCtx: false,
  requests: ['GET /openapi.json', 'GET /v1/internal/model/info', 'GET /v1/models'],
  identify,
  read,
  // For an administrator's key only. A load that fails leaves no model behind.
  load: {
    takesUnlisted: true,
    requests: ({ id }) => [{ path: '/v1/internal/model/load', body: { model_name: id } }],
  },
  unload: { requests: () => [{ path: '/v1/internal/model/unload' }] },
};

type Json = Record<string, unknown>;

async function identify(ask: Ask): Promise<boolean> {
  // Open also where a key is set.
  const paths = asObject(goodObject(await ask('GET /openapi.json'))?.['paths']);
  if (paths) return '/v1/internal/model/info' in paths;
  return modelInfo(await ask('GET /v1/internal/model/info')) !== undefined;
}

function modelInfo(reply: Reply | null): Json | undefined {
  const info = goodObject(reply);
  return info && asString(info['model_name']) && Array.isArray(info['lora_names']) && 'loader' in info
    ? info
    : undefined;
}

const WRONG_HOST = {
  why: 'does not accept requests under this host name',
  remedy: 'Name it by localhost or 127.0.0.1, or start it with --listen.',
};

async function read(ask: Ask): Promise<Reading | null> {
  const [about, list] = await Promise.all([ask('GET /v1/internal/model/info'), ask('GET /v1/models')]);
  if (about?.status === 400 && asObject(about.json)?.['detail'] === 'Invalid host header') {
    return { status: 'unauthorized', refused: WRONG_HOST, models: [] };
  }
  const status = refusal(about);
  if (status !== undefined) return { status, models: [] };
  const info = modelInfo(about);
  if (info === undefined) return null;
  // A load that failed leaves the wrong name behind, without a loader; an unload leaves "None" with the old loader.
  const isReady = info['model_name'] !== 'None' && info['loader'] !== null;
  const names = openAiList(list)?.map(({ name }) => name) ?? [String(info['model_name'])];
  return {
    status: 'up',
    models: !isReady
      ? []
      : names.map((id) => ({
          id,
          state: said('loaded'),
          // A schema is ignored, an image dropped; tools reach the model if its template has a place for them.
          capabilities: said<readonly Capability[]>(['completion', 'chat', 'tools']),
        })),
  };
}
