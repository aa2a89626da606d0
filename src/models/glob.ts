/** One step of a pattern: a character, one or any number of them within a folder, or folders. */
type Step = { readonly one: string } | 'any-one' | 'any' | 'folders' | 'rest';

/**
 * Whether a path matches a glob: `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is either; a glob without
 * a slash means files of that name in any folder. Time is linear in path times pattern, whatever they hold.
 */
export function matchesGlob(path: string, glob: string): boolean {
  const plain = path.replaceAll('\\', '/').replace(/^\.\//, '');
  return alternatives(glob.includes('/') ? glob.replace(/^\.?\//, '') : `**/${glob}`).some((one) =>
    runs(stepsOf(one), plain.replace(/^\//, '')),
  );
}

/** Most patterns that braces may unfold to. */
const MOST_ALTERNATIVES = 64;

function alternatives(glob: string): string[] {
  let open = [glob];
  for (let round = 0; round < 8; round++) {
    const next = open.flatMap((text) => {
      const [whole, list] = /\{([^{}]*)\}/.exec(text) ?? [];
      return whole === undefined ? [text] : (list as string).split(',').map((part) => text.replace(whole, () => part));
    });
    if (next.length === open.length && next.every((text, i) => text === open[i])) break;
    open = next.slice(0, MOST_ALTERNATIVES);
  }
  return open;
}

function stepsOf(glob: string): Step[] {
  const steps: Step[] = [];
  for (const [part] of glob.matchAll(/\*\*\/|\*\*|./gsu)) {
    if (part === '**/') steps.push('folders');
    else if (part === '**') steps.push('rest');
    else steps.push(part === '*' ? 'any' : part === '?' ? 'any-one' : { one: part });
  }
  return steps;
}

/** Follows all ways through the pattern at once. */
function runs(steps: readonly Step[], path: string): boolean {
  let at = reach(steps, new Set([0]), true);
  for (const char of path) {
    const next = new Set<number>();
    for (const i of at) {
      const step = steps[i];
      if (step === undefined) continue;
      if (step === 'rest' || step === 'folders') next.add(i);
      else if (step === 'any') char !== '/' && next.add(i);
      else if (step === 'any-one' ? char !== '/' : step.one === char) next.add(i + 1);
    }
    at = reach(steps, next, char === '/');
  }
  return at.has(steps.length);
}

/** The places that are reached without a further character. */
function reach(steps: readonly Step[], at: Set<number>, atFolder: boolean): Set<number> {
  for (const i of at) {
    const step = steps[i];
    if (step === 'any' || step === 'rest' || (step === 'folders' && atFolder)) at.add(i + 1);
  }
  return at;
}
