import type { ServedModel } from '../core/model.js';
import type { Service } from '../core/service.js';
import { judgePin, NO_DIGEST, type PinSet, type PinVerdict, REPLACED } from '../internal/pin.js';
import { type DeploymentFacts, type DeploymentFinding, finding, findingIf, listed } from './deployment-finding.js';
import { isLoopback, parseAddress } from './ip-address.js';

/** What is to be said of models, and of who may reach them. */
export function modelFindings({ pins, services, env }: DeploymentFacts): DeploymentFinding[] {
  return [
    ...pinFindings(pins),
    ...servedFindings(pins, services),
    ...accessFindings(services),
    ...leaks(services, env),
  ];
}

/** Digits of a digest below which other contents can be found for it. */
const SOUND_DIGITS = 32;

function pinFindings({ mode, pins }: PinSet): DeploymentFinding[] {
  const digests = pins.filter(({ pin }) => pin.strength === 'digest');
  const weak = pins.filter(({ pin }) => pin.strength !== 'digest');
  const short = digests.filter(({ pin }) => (pin.digest ?? '').length < SOUND_DIGITS);
  return [
    digests.length === 0
      ? finding(
          'models.checksums',
          'warning',
          'No model is pinned by its digest.',
          'Give `pins`: digests as `ollama list` shows them, or `hashModelFiles` makes them.',
        )
      : finding(
          'models.checksums',
          'info',
          `${digests.length} pin(s) have a digest: ${listed(digests.map(({ name }) => name))}.`,
        ),
    finding(
      'models.checksum-storage',
      'info',
      'Where the pins are kept cannot be seen from here.',
      'Keep them where whoever can replace a model cannot change them: signed, in version control, or read-only.',
    ),
    pins.length > 0 && mode !== 'enforce'
      ? finding(
          'models.verification',
          'warning',
          mode === 'off'
            ? 'There are pins, and they are switched off.'
            : 'A model that fails its pin is used with a note.',
          'Set `pinMode` to "enforce".',
        )
      : finding(
          'models.verification',
          'info',
          pins.length > 0
            ? 'Pinned models are checked when they are ranked and before each request; files only by `hashModelFiles`.'
            : 'Without pins nothing is verified.',
          'Run `hashModelFiles` over the files before they are loaded.',
        ),
    ...listIf(
      weak.map(({ name, pin }) => `${name} (${pin.strength})`),
      'models.pins-weak',
      'warning',
      'These pins prove no content',
      'Pin by digest where the server tells one, and verify files with `hashModelFiles`.',
    ),
    ...listIf(
      short.map(({ name }) => name),
      'models.pins-short',
      'info',
      `These pins have fewer than ${SOUND_DIGITS} digits of the digest`,
      'Give all 64: fewer show accidents, but can be forged.',
    ),
  ];
}

/** Pins against what is served, and what is there at all. */
function servedFindings(pins: PinSet, services: readonly Service[] | undefined): DeploymentFinding[] {
  const models = services?.flatMap((service) => service.models) ?? [];
  const fetched = 'Fetch what you need before the network is closed; the router never downloads.';
  const findings = [
    services !== undefined && models.length === 0
      ? finding('models.downloaded', 'warning', 'No server lists a model.', fetched)
      : finding(
          'models.downloaded',
          'info',
          `${services === undefined ? 'Which models are there was not given' : `${models.length} model(s) are there`}; which you need cannot be seen from here.`,
          fetched,
        ),
  ];
  if (services === undefined || pins.pins.length === 0) return findings;
  const pinned = models.map((model) => ({ model, own: pins.pins.filter(({ name }) => means(name, model)) }));
  const judged = pinned.flatMap(({ model, own }) => own.map((pin) => ({ model, verdict: judgePin(pin, model) })));
  const having = (outcome: PinVerdict['outcome']): string[] =>
    judged.filter(({ verdict }) => verdict.outcome === outcome).map(({ model }) => place(model));
  const bare = pinned.filter(({ own }) => own.length === 0).map(({ model }) => place(model));
  const unused = pins.pins.filter(({ name }) => !isFile(name) && !models.some((model) => means(name, model)));
  return [
    ...findings,
    ...listIf(
      having('mismatch'),
      'models.pin-mismatch',
      'error',
      'These are not the models that were pinned',
      REPLACED,
    ),
    ...listIf(
      having('unverified'),
      'models.pin-unverified',
      'warning',
      'Servers do not tell what the pins of these are about',
      NO_DIGEST,
    ),
    ...listIf(
      bare,
      'models.unpinned',
      'warning',
      'No pin names these, so any content will do',
      'Pin them, or remove them.',
    ),
    ...listIf(
      unused.map(({ name }) => name),
      'models.pins-unused',
      'warning',
      'These pins name no model that is served',
      'Name the served id, the catalogue key or `service/model` as `doctor` lists them.',
    ),
  ];
}

/** A finding about these, where there are any. */
function listIf(
  names: readonly string[],
  id: string,
  severity: DeploymentFinding['severity'],
  text: string,
  remedy: string,
): readonly DeploymentFinding[] {
  return findingIf(names.length > 0, id, severity, `${text}: ${listed([...new Set(names)])}.`, remedy);
}

/** Pins of files are for `hashModelFiles`. */
function isFile(name: string): boolean {
  return /\.(?:gguf|safetensors|bin|onnx|mlx)$|^sha256-|^(?:[./~\\]|[a-z]:[\\/])/i.test(name);
}

function means(name: string, { id, identity, service, type, aliases = [] }: ServedModel): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/:latest$/, '');
  const own = [id, ...(identity.key === null ? [] : [identity.key]), ...aliases];
  return own.flatMap((it) => [it, `${service}/${it}`, `${type}/${it}`]).some((it) => plain(it) === plain(name));
}

function place({ id, service }: ServedModel): string {
  return `${id} at ${service}`;
}

function accessFindings(services: readonly Service[] | undefined): DeploymentFinding[] {
  const away = services?.filter(isAway) ?? [];
  const open = away.filter(({ status, keyed }) => keyed !== true && status !== 'unauthorized').map(({ id }) => id);
  const plain = away.filter(({ baseURL }) => baseURL?.startsWith('http:')).map(({ id }) => id);
  const near =
    services?.filter((service) => !isAway(service) && service.baseURL !== null && service.keyed !== true) ?? [];
  return [
    finding(
      'access.roles',
      'info',
      'Who may use which model is decided by the servers and cannot be seen from here.',
      'Give each application a key of its own, or put a proxy with roles before the servers.',
    ),
    open.length > 0
      ? finding(
          'access.authentication',
          'warning',
          `These answer on the network without a key: ${listed(open)}.`,
          'Switch on keys at the server or a proxy before it, and give `apiKey` of the service.',
        )
      : finding(
          'access.authentication',
          'info',
          !services?.length
            ? 'Which servers there are was not given.'
            : near.length > 0
              ? `Every program on this machine may use ${listed(near.map(({ id }) => id))}: no key is sent.`
              : 'Every server gets a key.',
          !services?.length ? GIVE : 'Switch on keys where the server has them.',
        ),
    finding(
      'access.tokens',
      'info',
      'How long keys are valid cannot be seen from here.',
      'Give `apiKey` as a function that fetches a short-lived token.',
    ),
    ...listIf(
      plain,
      'network.plain-http',
      'warning',
      'Prompts and keys go over the network unencrypted to these',
      'Use https, or a tunnel.',
    ),
    ...listIf(
      away.map(({ id }) => id),
      'access.exposed',
      'info',
      'These listen on more than their own machine',
      'Let a firewall admit this machine only; bind servers on this machine to 127.0.0.1.',
    ),
  ];
}

/** Whether a server is reached over a network. */
function isAway({ baseURL, models }: Service): boolean {
  if (baseURL === null || !URL.canParse(baseURL)) return false;
  const host = new URL(baseURL).hostname.replace(/^\[(.*)\]$/, '$1');
  if (host === 'localhost' || host.endsWith('.localhost')) return false;
  const address = parseAddress(host);
  return address === null ? models[0]?.locality !== 'loopback' : !isLoopback(address);
}

/** Ways by which a prompt leaves although its server is near. */
function leaks(services: readonly Service[] = [], env: DeploymentFacts['env']): DeploymentFinding[] {
  const has = (type: Service['type']): boolean => services.some((service) => service.type === type);
  const being = (remote: ServedModel['remote']): string[] =>
    services.flatMap(({ models }) => models.filter((model) => model.remote === remote).map(place));
  const isOff = env['OLLAMA_NO_CLOUD'] === '1' || env['OLLAMA_NO_CLOUD'] === 'true';
  const proxies = services.filter(({ type, behind = [] }) => type === 'open-webui' || behind.length > 0);
  return [
    ...listIf(
      being('yes'),
      'models.remote',
      'warning',
      'These run on other machines, and are refused until a call grants it',
      'Remove them from the server.',
    ),
    ...listIf(
      being('unknown'),
      'models.unknown',
      'warning',
      'Nobody can tell where these run; they are refused until listed',
      "List in the service's `models` those that stay in your network, and no other.",
    ),
    ...findingIf(
      has('ollama'),
      'models.cloud',
      isOff ? 'info' : 'warning',
      isOff
        ? 'OLLAMA_NO_CLOUD is set here; whether it is where Ollama was started cannot be seen from here.'
        : 'Ollama can pass prompts to its cloud and asks it for recommendations, unless OLLAMA_NO_CLOUD is set where it is started.',
      'Start it with OLLAMA_NO_CLOUD=1; its `/api/status` then says that the cloud is disabled.',
    ),
    ...findingIf(
      has('lmstudio'),
      'models.lm-link',
      'info',
      'LM Link of LM Studio serves models of other machines as if they were here, and its API does not tell.',
      'Switch LM Link off in LM Studio.',
    ),
    ...findingIf(
      proxies.length > 0,
      'models.proxies',
      'info',
      `What stands behind ${listed(proxies.map(({ id }) => id))} can change without notice: connections, pipes, providers.`,
      'Check their connections, and who may change them.',
    ),
  ];
}

const GIVE = 'Give them: checkDeployment({ services: discovery.services() }).';
