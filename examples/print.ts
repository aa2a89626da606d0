/** How the examples print: plain text of at most 80 columns, colour only on a terminal. */
import type { DiscoveryFailure, ModelRef, RouteResult, RoutingDecision, Service } from 'local-llm-router';

const WIDTH = 80;
const colour = (code: number, text: string): string =>
  process.stdout.isTTY && !process.env['NO_COLOR'] ? `\u001b[${code}m${text}\u001b[0m` : text;

/** Names of the services as they were shown; ids hold a port that says little to a person. */
const names = new Map<string, string>();
const place = ({ id, service }: ModelRef): string => `${id} at ${names.get(service) ?? service}`;

export function line(text = ''): void {
  console.log(text);
}

/** A text of any length, wrapped. */
export function paragraph(text: string): void {
  wrap(text, 0);
  line();
}

export function heading(text: string): void {
  console.log(`\n${colour(1, `== ${text} ${'='.repeat(Math.max(0, WIDTH - text.length - 4))}`)}`);
}

/** One row per model: its name, its context in force and at most with the source, and whether it is loaded. */
export function showServices(services: readonly Service[]): void {
  for (const { id, name, version, baseURL, status, models } of services) {
    names.set(id, name);
    line(`${colour(36, name)} ${version ?? ''} ${baseURL ?? ''} ${status === 'up' ? '' : status}`.trimEnd());
    for (const { id, contextLength: now, maxContextLength: max, state } of models) {
      line(`  ${column(id, 36)} ${column(`${now.value} of ${max.value} (${now.source})`, 28)} ${state.value}`);
    }
  }
}

/** What was tried in vain, and what to do about it. */
export function showFailures(failures: readonly DiscoveryFailure[]): void {
  const silent = failures.filter(({ code }) => code === 'ECONNREFUSED').map(({ baseURL }) => new URL(baseURL).host);
  if (silent.length > 0) wrap(`Nothing listens at ${silent.join(', ')}.`, 2);
  for (const { code, reason, remedy } of failures) {
    if (code !== 'ECONNREFUSED') wrap(`${reason} ${remedy ?? ''}`.trim(), 2);
  }
}

/** What was decided, and why. */
export function showDecision({ task, selected, ranked, rejected, notes }: RoutingDecision): void {
  const percent = Math.round(task.confidence * 100);
  line(`task      ${task.category} (${percent} %), complexity ${task.complexity.score}/10`);
  line(`model     ${selected === null ? 'none' : place(selected.model)}`);
  for (const { name, value, weight, reason } of selected?.parts ?? []) {
    wrap(`- ${name} ${value.toFixed(2)} x ${weight.toFixed(2)}: ${reason}`, 10);
  }
  line(
    `then      ${column(
      ranked
        .slice(1)
        .map(({ model }) => model.id)
        .join(', ') || 'nothing',
      68,
    )}`,
  );
  for (const { model, rule, reason } of rejected) wrap(`not ${place(model)} (${rule}): ${reason}`, 10);
  for (const note of notes) wrap(note, 10);
  line();
}

/** How it went. */
export function showResult({ model, attempts, fallbackLevel, usage, timings }: RouteResult): void {
  line('\n');
  for (const { model: tried, outcome, code, durationMs } of attempts) {
    const text = `${outcome} after ${Math.round(durationMs)} ms${code ? ` (${code})` : ''}`;
    line(`attempt   ${column(tried.id, 30)} ${colour(outcome === 'ok' ? 32 : 33, text)}`);
  }
  line(`answer    ${place(model)}, level ${fallbackLevel}`);
  const { decisionMs, firstContentMs, totalMs } = timings;
  line(`time      decision ${ms(decisionMs)}, first content ${ms(firstContentMs)}, total ${ms(totalMs)}`);
  line(`tokens    ${usage.inputTokens} in, ${usage.outputTokens} out (${usage.source})`);
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
}

function column(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

function wrap(text: string, indent: number): void {
  let row = '';
  for (const word of text.split(' ')) {
    if (row !== '' && indent + row.length + word.length + 1 > WIDTH) {
      line(' '.repeat(indent) + row);
      row = '  ';
    }
    row += row === '' || row === '  ' ? word : ` ${word}`;
  }
  line(' '.repeat(indent) + row);
}
