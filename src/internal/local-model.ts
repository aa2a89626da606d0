import * as v from 'valibot';
import type { Message, RouteOptions } from '../core/chat.js';
import type { LocalModelOptions, LocalRouter } from '../core/local-router.js';
import { checkOptions, milliseconds, optional, text } from './options.js';

const schema = v.strictObject({
  router: v.custom<unknown>(
    (x) => typeof x === 'function' || typeof (x as Partial<LocalRouter> | null)?.route === 'function',
    'a router, or a function () => router',
  ),
  model: text(),
  timeoutMs: optional(milliseconds()),
});

/** A local model that is asked beside the call, never loaded for it. */
export interface LocalModel {
  /** The router while the model is loaded there, else `null`. */
  router(): LocalRouter | null;
  /** What every call to it carries. */
  options(signal: AbortSignal | undefined): RouteOptions;
  /** Its answer to a question, as short as `maxTokens` says; `null` while it is not loaded. */
  answer(messages: Message[], maxTokens: number, signal: AbortSignal | undefined): Promise<string | null>;
}

/** Checks the options of `owner`; throws `ERR_INVALID_OPTION`. */
export function localModel(o: LocalModelOptions, owner: string, timeoutMs = 2_000): LocalModel {
  checkOptions(schema, o, owner);
  const router = (): LocalRouter | null => {
    const made = typeof o.router === 'function' ? o.router() : o.router;
    const isIt = made.discovery
      .models()
      .some(
        ({ id, identity, service, state }) =>
          state.value === 'loaded' &&
          [id, id.replace(/:latest$/, ''), identity.key, `${service}/${id}`].includes(o.model),
      );
    return isIt ? made : null;
  };
  const options = (signal: AbortSignal | undefined): RouteOptions => ({
    signal,
    serena: false,
    timeouts: { totalMs: o.timeoutMs ?? timeoutMs },
  });
  return {
    router,
    options,
    async answer(messages, maxTokens, signal) {
      const made = router();
      if (made === null) return null;
      const { model } = o;
      // The task is given, so that no further opinion is asked; the context stays as it is, so that nothing is loaded anew.
      const request = {
        messages,
        model,
        maxTokens,
        task: 'analysis',
        complexity: 1,
        temperature: 0,
        seed: 0,
        reasoningEffort: 'none',
        numCtx: 'server',
      } as const;
      return (await made.route({ ...request, messages }, options(signal))).text;
    },
  };
}

/** As much of a text as a second opinion is asked about: its head and its end. */
export function excerpt(text: string, length = 2_000): string {
  const head = Math.round(length * 0.7);
  return text.length <= length ? text : `${text.slice(0, head)}\n[...]\n${text.slice(head - length)}`;
}

/** The text of the last user message. */
export function lastRequest(messages: readonly Message[]): string {
  const content = messages.findLast(({ role }) => role === 'user')?.content;
  if (typeof content === 'string') return content;
  return (content ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('\n');
}
