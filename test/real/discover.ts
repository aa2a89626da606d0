import {
  type DiscoveryOptions,
  type DiscoveryReport,
  type FetchLike,
  type ServedModel,
  type Service,
  ServiceDiscovery,
} from 'local-llm-router';
import { expect } from 'vitest';

/** One look, with what was answered for it. */
export async function discover(options: DiscoveryOptions): Promise<DiscoveryReport & { readonly answered: string[] }> {
  const answered: string[] = [];
  const network: FetchLike = options.fetch ?? fetch;
  const recording: FetchLike = async (input, init) => {
    const reply = await network(input, init);
    answered.push(`${init?.method ?? 'GET'} ${new URL(String(input)).pathname}`);
    return reply;
  };
  const discovery = new ServiceDiscovery({ hosts: [], ...options, fetch: recording });
  try {
    return { ...(await discovery.discoverAll()), answered };
  } finally {
    await discovery.close();
  }
}

/** A machine on which only this server runs, at a port that several kinds of server use. */
export function atPort(url: string, port: number): DiscoveryOptions {
  const network: FetchLike = (input, init) => {
    const asked = new URL(String(input));
    if (asked.port !== String(port))
      return Promise.reject(Object.assign(new Error('closed'), { code: 'ECONNREFUSED' }));
    return fetch(`${url}${asked.pathname}${asked.search}`, init);
  };
  return { hosts: ['127.0.0.1'], fetch: network };
}

/** The one service that a look found, without a failure; its one model. */
export function single(report: DiscoveryReport): { readonly service: Service; readonly model: ServedModel } {
  const [service] = report.services;
  const [model] = service?.models ?? [];
  if (service === undefined || model === undefined) throw new Error(`Nothing was found: ${JSON.stringify(report)}`);
  expect([report.services.length, service.models.length]).toEqual([1, 1]);
  return { service, model };
}

/** What a server itself says. */
export async function ask(url: string, path: string): Promise<Record<string, unknown>> {
  const reply = await fetch(`${url}${path}`);
  expect(reply.status).toBe(200);
  return (await reply.json()) as Record<string, unknown>;
}
