import { SHORT_NAMES } from './task-defaults.js';

/** How names are compared: case and Ollama's `:latest` do not count, short names stand for their model. */
export function plainName(name: string): string {
  const lower = name.toLowerCase();
  const bare = lower.endsWith(':latest') ? lower.slice(0, -7) : lower;
  // Servers name models as they like: `constructor` too.
  return Object.hasOwn(SHORT_NAMES, bare) ? (SHORT_NAMES[bare] as string) : bare;
}
