import type { ChatRequest } from '../core/transport.js';
import { InlineThinking } from './inline-thinking.js';
import { LeakedToolCalls } from './leaked-tool-calls.js';
import { RepeatedToolCalls } from './repeated-tool-calls.js';
import { offeredTools } from './request-parts.js';
import type { EventFilter } from './stream-body.js';

/** What a server sends twice, then what it leaves in the text and does not belong there: thoughts first, then calls. */
export function answerFilters(request: ChatRequest): EventFilter[] {
  // What fills a gap is text, whatever it looks like.
  if (request.suffix !== undefined) return [];
  const { toolChoice: choice, responseFormat: format } = request;
  const tools = choice === 'none' ? [] : offeredTools(request);
  const only = typeof choice === 'object' && choice.type === 'function' ? choice.function.name : undefined;
  const names = new Set(tools.map((tool) => tool.function.name).filter((name) => only === undefined || name === only));
  if (names.size === 0) return [new InlineThinking()];
  const repeated = request.model.type === 'localai' ? [new RepeatedToolCalls()] : [];
  // Whoever asked for JSON gets the object.
  const bare = format === undefined || format.type === 'text';
  return [...repeated, new InlineThinking(), new LeakedToolCalls(names, bare)];
}
