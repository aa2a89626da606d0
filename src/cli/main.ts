import { RouterError } from '../index.js';
import { auditVerify } from './audit-verify.js';
import { type Command, UsageError } from './command.js';
import { doctor } from './doctor.js';
import { wrap } from './layout.js';
import { models } from './models.js';
import type { Terminal } from './terminal.js';

const COMMANDS: readonly Command[] = [doctor, models, auditVerify];

/**
 * Runs one command; gives the exit code: 0 it went well, 1 the answer is no (each command says what that means),
 * 2 the call was wrong or could not be carried out.
 */
export async function main(args: readonly string[], terminal: Terminal): Promise<number> {
  const command = COMMANDS.find(({ name }) => name.split(' ').every((word, i) => args[i] === word));
  const isHelp = args.length > 0 && ['help', '--help', '-h'].includes(args[0] ?? '');
  if (isHelp || (command && (args.includes('--help') || args.includes('-h')))) {
    terminal.out(helpText());
    return 0;
  }
  try {
    if (command === undefined)
      throw new UsageError(args.length === 0 ? 'Name a command.' : 'There is no such command.');
    return await command.run(args.slice(command.name.split(' ').length), terminal);
  } catch (error) {
    const { isUsage, text } = explained(error);
    terminal.err(`local-llm-router: ${text}\n`);
    if (isUsage) terminal.err(command === undefined ? helpText() : `Usage: local-llm-router ${command.usage}\n`);
    return 2;
  }
}

function explained(error: unknown): { isUsage: boolean; text: string } {
  if (error instanceof UsageError) return { isUsage: true, text: error.message };
  if (RouterError.is(error)) {
    return { isUsage: error.code === 'ERR_INVALID_OPTION', text: `${error.code}: ${error.message}` };
  }
  // Node.js says what is wrong with the options.
  if (error instanceof TypeError && String((error as { code?: unknown }).code).startsWith('ERR_PARSE_ARGS_')) {
    return { isUsage: true, text: error.message };
  }
  throw error;
}

function helpText(): string {
  const options = [
    ['--json', 'for machines'],
    ['--env', 'look also where OLLAMA_HOST and the like say'],
    ['--host', 'look at this host instead of localhost; can be given several times'],
    ['--timeout', 'how long an address may take to answer, in milliseconds (1000)'],
  ] as const;
  const lines = [
    'Usage: local-llm-router <command>',
    '',
    ...COMMANDS.flatMap(({ usage, summary }) => [...wrap(usage, 6, 2), ...wrap(summary, 6)]),
    '  help',
    '',
    ...options.map(([name, what]) => `  ${name.padEnd(10)} ${what}`),
    '',
    'Exit codes: 0 it went well, 1 the answer is no, 2 the call was wrong.',
  ];
  return `${lines.join('\n')}\n`;
}
