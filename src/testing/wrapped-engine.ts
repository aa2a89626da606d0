import { llamaCppDialect } from './fake-llama-cpp.js';
import type { FakeRequest } from './fake-request.js';
import type { FakeSettings, ServedFake } from './fake-settings.js';
import type { Handler, Outcome } from './generation.js';

/** Answers a request as a llama.cpp of one model does that stands behind another server, under the name of its file. */
export function engineOf(
  settings: FakeSettings,
  model: ServedFake,
  o: { readonly file: string; readonly headers: Readonly<Record<string, string>> },
): (path: string, request: FakeRequest) => Promise<Outcome> {
  const { routes } = llamaCppDialect({
    ...settings,
    apiKey: undefined,
    models: [{ ...model, id: o.file, loaded: true }],
    // Whoever writes the answer knows the model by the name that is asked for.
    reply: (chat) => settings.reply({ ...chat, model: model.id }),
  });
  return async (path, request) => {
    const handler = routes[path]?.['POST'] as Handler;
    return withHeaders(await handler(request), o.headers);
  };
}

/** Path of the weights of a served model. */
export function fileOf({ id }: ServedFake): string {
  return `/models/${id.replace(/[^\w.-]+/g, '-')}.gguf`;
}

function withHeaders(outcome: Outcome, headers: Readonly<Record<string, string>>): Outcome {
  if (!('wire' in outcome)) return { ...outcome, headers: { ...outcome.headers, ...headers } };
  const { wire } = outcome;
  const whole: typeof wire.whole = (answer) => withAll(wire.whole(answer), headers);
  const streamHeaders = { ...wire.streamHeaders, ...headers };
  return { ...outcome, wire: { ...wire, streamHeaders, failed: withAll(wire.failed, headers), whole } };
}

function withAll<T extends { readonly headers: Readonly<Record<string, string>> }>(
  reply: T,
  headers: Readonly<Record<string, string>>,
): T {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}
