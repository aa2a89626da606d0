import { systemClock } from '../../src/core/clock.js';
import type { ServiceEndpoint, ServiceType } from '../../src/core/service.js';
import { probe, type Sighting } from '../../src/discovery/probe.js';
import { SecurityModule } from '../../src/security/security-module.js';
import { SERVICE_SPECS } from '../../src/services/registry.js';
import { servedModel } from '../../src/services/served-model.js';
import { type FakeNetwork, network } from './recorded.js';

/** Who answers at an address where only these answers exist. */
export async function look(
  answers: Readonly<Record<string, unknown>> | FakeNetwork,
  o: { at?: ServiceType; endpoint?: Partial<ServiceEndpoint> } = {},
) {
  const net = isNetwork(answers) ? answers : network(answers);
  const baseURL = o.endpoint?.baseURL ?? 'http://localhost:7000';
  const expected = o.endpoint ? (o.endpoint.type ?? 'openai-compatible') : o.at;
  const specs = SERVICE_SPECS.filter(({ type }) => type === expected);
  const endpoint = o.endpoint && ({ type: 'openai-compatible', baseURL, ...o.endpoint } as ServiceEndpoint);
  const answer = await probe(
    { baseURL, specs, endpoint },
    {
      fetch: new SecurityModule({ fetch: net.fetch }).fetch,
      headers: {},
      timeoutMs: 5_000,
      clock: systemClock,
      signal: new AbortController().signal,
    },
  );
  if ('code' in answer) return { failure: answer, type: undefined, models: [], sent: net.sent };
  return { failure: undefined, ...described(answer), sent: net.sent };
}

function described({ spec, reading }: Sighting) {
  const home = {
    service: `${spec.type}@localhost:7000`,
    type: spec.type,
    baseURL: 'http://localhost:7000',
    priority: undefined,
    locality: 'loopback' as const,
    contextLength: undefined,
    trusted: new Set<string>(),
    name: undefined,
    modelPrefix: undefined,
  };
  return {
    type: spec.type,
    version: reading.version,
    status: reading.status,
    maxConcurrent: reading.maxConcurrent,
    behind: reading.behind,
    models: reading.models.map((facts) => servedModel(facts, home)),
  };
}

function isNetwork(answers: object): answers is FakeNetwork {
  return 'fetch' in answers;
}
