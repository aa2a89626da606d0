import type { DeploymentReport, DiscoveryFailure, DiscoveryReport, ServedModel } from '../index.js';
import { wrap } from './layout.js';

/** Models that a request can go to without a grant. */
export function usableModels({ services }: DiscoveryReport): ServedModel[] {
  return services
    .filter(({ status }) => status === 'up' || status === 'loading')
    .flatMap(({ models }) => models.filter(({ remote }) => remote === 'no'));
}

/** What was tried without success, and why: closed ports in one sentence, the others one by one. */
export function failuresText(failures: readonly DiscoveryFailure[]): string[] {
  const closed = failures.filter(({ code }) => code === 'ECONNREFUSED');
  const others = failures.filter(({ code }) => code !== 'ECONNREFUSED');
  const places = closed.map(({ baseURL, type }) => `${baseURL.replace(/^http:\/\//, '')}${type ? ` (${type})` : ''}`);
  return [
    ...others.flatMap(({ reason, remedy }, i) =>
      // A host that is refused is refused at each of its ports.
      others.findIndex((other) => other.reason === reason && other.remedy === remedy) < i
        ? []
        : [...wrap(`- ${reason}`, 2, 0), ...(remedy === undefined ? [] : wrap(remedy, 2))],
    ),
    ...(places.length === 0 ? [] : wrap(`- Nothing listens at ${places.join(', ')}.`, 2, 0)),
  ];
}

/** What weakens a deployment, and how many points beside it are fulfilled or to be looked at by hand. */
export function deploymentText({ findings }: DeploymentReport): string[] {
  const weak = findings.filter(({ severity }) => severity !== 'info');
  return [
    ...weak.flatMap(({ severity, message, remedy }) => [
      ...wrap(`- ${severity}: ${message}`, 2, 0),
      ...wrap(remedy, 2),
    ]),
    ...wrap(
      `- ${findings.length - weak.length} further points are fulfilled or to be checked by hand: see --json.`,
      2,
      0,
    ),
  ];
}

/** What to do next, most pressing first. */
export function adviceText(report: DiscoveryReport): string[] {
  return ADVICE.flatMap((advise) => advise(report) ?? []).flatMap((text) => wrap(`- ${text}`, 2, 0));
}

type Advise = (report: DiscoveryReport) => string | undefined;

const names = (list: readonly { readonly id: string }[]): string =>
  [...list.slice(0, 3).map(({ id }) => id), ...(list.length > 3 ? [`and ${list.length - 3} more`] : [])].join(', ');

const ADVICE: readonly Advise[] = [
  ({ services }) =>
    services.length > 0
      ? undefined
      : "Start a model server, for example with `ollama serve`, or name its address: services: [{ type: 'vllm', baseURL: 'http://192.168.1.20:8000' }].",
  ({ services }) => {
    const empty = services.filter(({ status, models, behind }) => status === 'up' && models.length === 0 && !behind);
    return empty.length === 0 ? undefined : `Load a model at ${names(empty)}: nothing can be routed there.`;
  },
  ({ services }) => {
    const loading = services.filter(({ status }) => status === 'loading');
    return loading.length === 0 ? undefined : `Wait for ${names(loading)}: a model is being loaded there.`;
  },
  (report) => {
    const assumed = usableModels(report).filter(({ contextLength }) => contextLength.source === 'assumed');
    return assumed.length === 0
      ? undefined
      : `The context of ${names(assumed)} is assumed: load the model, so that its server says it, or give \`contextLength\` of the service.`;
  },
];
