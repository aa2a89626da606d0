import { readFileSync } from 'node:fs';
import type { SerenaClient } from '../../src/core/serena-client.js';

interface Captured {
  readonly text: string;
  readonly isError: boolean;
}

/** What Serena 2.1.0 answered to a call, as it was recorded. */
export function captured(name: string): Captured {
  const file = new URL(`../fixtures/serena/2.1.0/${name}.json`, import.meta.url);
  const { result } = JSON.parse(readFileSync(file, 'utf8')) as {
    result: { content: { text: string }[]; isError?: boolean };
  };
  return { text: result.content[0]?.text ?? '', isError: result.isError ?? false };
}

type Answer = string | (() => Promise<Captured> | never);

/** A client that answers a call by the first rule whose tool and arguments it fits; without a rule nothing is found. */
export function replay(
  rules: readonly (readonly [tool: string, args: Record<string, unknown>, answer: Answer])[],
  o: { root?: string; tools?: readonly string[] } = {},
) {
  const calls: { tool: string; args: Record<string, unknown>; timeoutMs: number }[] = [];
  const state = { lists: 0 };
  const client: SerenaClient = {
    ...(o.root === undefined ? {} : { workspaceRoot: o.root }),
    listTools: async () => {
      state.lists++;
      return [...(o.tools ?? ALL)];
    },
    callTool: async (tool, args, { timeoutMs }) => {
      calls.push({ tool, args, timeoutMs });
      const rule = rules.find(
        ([name, wanted]) =>
          name === tool && Object.entries(wanted).every(([k, v]) => JSON.stringify(args[k]) === JSON.stringify(v)),
      );
      if (rule === undefined) return { text: tool === 'find_symbol' ? '[]' : '{}', isError: false };
      const answer = rule[2];
      return typeof answer === 'string' ? captured(answer) : answer();
    },
  };
  return { client, calls, state };
}

const ALL = [
  'find_symbol',
  'find_referencing_symbols',
  'find_declaration',
  'find_implementations',
  'get_symbols_overview',
  'find_file',
  'get_diagnostics_for_file',
  'execute_shell_command',
];
