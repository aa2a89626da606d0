import type { RouteResult } from '../core/chat.js';
import { LocalLLMRouter } from './local-llm-router.js';
import type { RouterOptions } from './router-options.js';

/**
 * Makes a router, answers one query and closes it; for scripts. Rejects like {@link LocalLLMRouter.route}.
 * @public
 */
export async function quickRoute(query: string, options?: RouterOptions): Promise<RouteResult> {
  const router = new LocalLLMRouter(options);
  try {
    return await router.route(query);
  } finally {
    await router.close();
  }
}
