import type { Fact, ServedModel, Service } from '../index.js';
import { printable } from '../internal/redact.js';
import { type Paint, row, wrap } from './layout.js';

/** Name, context, state: with two blanks before and one between them 79 columns. */
const COLUMNS = [30, 37, 8] as const;

/** The services with their models as a table that a person reads. */
export function servicesText(services: readonly Service[], paint: Paint): string[] {
  return services.flatMap((service) => [...serviceLines(service, paint), '']);
}

function serviceLines(service: Service, paint: Paint): string[] {
  const { name, version, baseURL, status, stale, behind = [], models } = service;
  const state = [...(status === 'up' ? [] : [status]), ...(stale ? ['did not answer just now'] : [])].join(', ');
  const about = `${printable(name)} ${printable(version ?? '')} at ${baseURL ?? 'this process'}`.replace(/ {2,}/g, ' ');
  const lines = wrap(state === '' ? about : `${about} (${state})`).map((line) =>
    paint(line, state === '' ? 'cyan' : 'yellow'),
  );
  if (behind.length > 0) lines.push(...wrap(`stands before ${behind.join(', ')}; their models are listed there`, 2));
  if (models.length === 0) return status === 'up' ? [...lines, '  lists no model'] : lines;
  const head = row(2, COLUMNS, ['model', 'context in force / most', 'state']);
  return [...lines, ...head.map((line) => paint(line, 'dim')), ...models.flatMap(modelLines)];
}

function modelLines({ id, contextLength, maxContextLength, state, remote, notes = [] }: ServedModel): string[] {
  const context = `${tokens(contextLength)} / ${tokens(maxContextLength)}`;
  const lines = row(2, COLUMNS, [printable(id, 256), context, state.value]);
  const place = REMOTE[remote];
  return [...lines, ...[...(place === undefined ? [] : [place]), ...notes].flatMap((note) => wrap(note, 4))];
}

function tokens({ value, source }: Fact<number>): string {
  return `${value.toLocaleString('en')} ${source}`;
}

const REMOTE: Readonly<Partial<Record<ServedModel['remote'], string>>> = {
  yes: 'runs on another machine: refused unless external use is granted',
  unknown: 'may run on another machine: refused until it is listed in `models` of its service',
};
