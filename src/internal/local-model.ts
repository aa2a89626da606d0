import * as v from 'valibot';
import type { Message, RouteOptions } from '../core/chat.js';
import { RouterError } from '../core/errors.js';
import type { LocalModelOptions, LocalRouter } from '../core/local-router.js';
import { checkOptions, milliseconds, optional, text } from './options.js';
import { printable } from './redact.js';

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
  /** The router while the model is loaded there, else `null`. Throws `ERR_NO_MODEL` where no server lists it. */
  router(): LocalRouter | null;
  /** What every call to it carries. */
  options(signal: AbortSignal | undefined): RouteOptions;
  /** Its answer to a question, as short as `maxTokens` says; `null` while it is not loaded. */
  answer(messages: Message[], maxTokens: number, signal: AbortSignal | undefined): Promise<string | null>;
}

/** Checks the options of `owner`; throws `ERR_INVALID_OPTION`. */
export function localModel(o: LocalModelOptions, owner: string, timeoutMs = 2_000): LocalModel {
  checkOptions(schema, o ?? {}, owner);
  const router = (): LocalRouter | null => {
    const made = typeof o.router === 'function' ? o.router() : o.router;
    const named = made.discovery
      .models()
      .filter(({ id, identity, service }) =>
        [id, id.replace(/:latest$/, ''), identity.key, `${service}/${id}`].includes(o.model),
      );
    if (named.length === 0) {
      throw new RouterError('ERR_NO_MODEL', `${owner}: no server lists "${printable(o.model, 120)}".`);
    }
    return named.some(({ state }) => state.value === 'loaded') ? made : null;
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
