import { asObject } from '../internal/json.js';
import { assumed, openAiList, said } from './reply.js';
import type { Ask, Reading, Reply, ServiceSpec } from './service-spec.js';

/** What a request calls the model that the server was started with. */
const DEFAULT_MODEL = 'default_model';

/**
 * The server of mlx-lm; measured on 0.32.2. It says neither version nor window nor what is loaded, and refuses no overlong
 * prompt. It ignores `response_format` and `tool_choice`. A name with "/" that is not listed may start a download.
 */
export const mlxLm: ServiceSpec = {
  type: 'mlx-lm',
  name: 'mlx-lm',
  ports: [8080],
  transport: 'openai',
  looseJson: true,
  usesNumCtx: false,
  requests: ['GET /health', 'GET /v1/models'],
  identify,
  read,
};

async function identify(ask: Ask): Promise<boolean> {
  const health = await ask('GET /health');
  // llama.cpp says `ok` too; the header is that of Python's own HTTP server, on which other things run as well.
  if (!/^BaseHTTP\/\S+ Python\//.test(health?.headers.get('server') ?? '')) return false;
  if (!isAlive(health) && !isDead(health)) return false;
  const list = await ask('GET /v1/models');
  return isUnavailable(list) || (openAiList(list)?.every(({ item }) => item['owned_by'] === undefined) ?? false);
}

function isAlive(health: Reply | null): boolean {
  return health?.status === 200 && says(health, 'ok');
}

/** The thread that generates has died; the rest goes on answering. */
function isDead(health: Reply | null): boolean {
  return health?.status === 503 && says(health, 'unavailable');
}

function says(health: Reply, status: string): boolean {
  const body = asObject(health.json) ?? {};
  return body['status'] === status && Object.keys(body).length === 1;
}

/** Without a folder of downloaded models the list fails after its head: 200 without a body. */
function isUnavailable(list: Reply | null): boolean {
  return list?.status === 200 && list.text === '' && /json/.test(list.headers.get('content-type') ?? '');
}

async function read(ask: Ask, named?: readonly string[]): Promise<Reading | null> {
  const [health, list] = await Promise.all([ask('GET /health'), ask('GET /v1/models')]);
  if (isDead(health)) return { status: 'down', models: [] };
  const items = openAiList(list);
  if (items === undefined && !isUnavailable(list)) return null;
  const ids = items?.map(({ name }) => name) ?? named ?? [DEFAULT_MODEL];
  return {
    status: 'up',
    // Several may be on disk, and only a request shows which is in memory; that of the command line is listed by its path.
    models: ids.map((id) => ({
      id,
      state: id.startsWith('/') ? said('loaded' as const) : assumed('unknown' as const),
    })),
  };
}
