/**
 * `npm start`: lists the model servers of this machine, then routes five queries through embedded ones.
 * `npm start -- "my question"` routes the question to your own servers, or to the embedded ones where there are none.
 */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LocalLLMRouter, RouterError, ServiceDiscovery, type ServiceEndpoint, verifyAuditLog } from 'local-llm-router';
import { fakeLlamaCpp, fakeLMStudio, fakeOllama } from 'local-llm-router/testing';
import { heading, line, paragraph, showDecision, showFailures, showResult, showServices } from './print.js';

const QUERIES = [
  'Write a TypeScript function that parses RFC 3339 dates.',
  'Should we use optimistic locking or a queue for the booking service? What are the trade-offs?',
  'Why does our session cache return stale tokens after a refresh?',
  'Write the README section that explains how to configure retries.',
  'Refactor the retry loop of the upload client so that it backs off.',
];

const question = process.argv.slice(2).join(' ');
const auditDirectory = join(await mkdtemp(join(tmpdir(), 'local-llm-router-')), 'audit');
const auditKey = crypto.getRandomValues(new Uint8Array(32));

const found = await lookAround();
const useOwn = question !== '' && found > 0;
const embedded = useOwn ? [] : await startEmbedded();
const router = new LocalLLMRouter({
  workspace: process.cwd(),
  security: { audit: { directory: auditDirectory, key: auditKey } },
  ...(useOwn ? {} : { discovery: false, services: embedded.map(({ endpoint }) => endpoint) }),
});
try {
  const { services } = await router.initialize();
  if (!useOwn) {
    heading('Embedded servers (started by this example, on loopback)');
    showServices(services);
  }
  for (const [i, query] of (question === '' ? QUERIES : [question]).entries()) {
    heading(question === '' ? `Query ${i + 1} of ${QUERIES.length}` : 'Your question');
    await ask(query);
  }
} catch (error) {
  if (!RouterError.is(error)) throw error;
  line(`${error.code}: ${error.message}`);
  process.exitCode = 1;
} finally {
  await router.close();
  for (const { server } of embedded) await server.close();
}
heading('Audit log');
const audit = await verifyAuditLog(auditDirectory, { key: auditKey });
line(`${auditDirectory}: ${audit.records} records, ${audit.ok ? 'the chain verifies' : 'THE CHAIN IS BROKEN'}`);

async function ask(query: string): Promise<void> {
  paragraph(`> ${query}`);
  // Each query stands on its own: a session would carry the conversation on.
  const stream = router.stream({ messages: [{ role: 'user', content: query }] });
  for await (const event of stream) {
    if (event.type === 'decision') showDecision(event.decision);
    if (event.type === 'text') process.stdout.write(event.text);
    if (event.type === 'done') showResult(event.result);
  }
}

async function lookAround(): Promise<number> {
  heading('Model servers on this machine');
  if (process.stdout.isTTY) process.stdout.write('looking ...\r');
  const discovery = new ServiceDiscovery();
  const { services, failures, elapsedMs } = await discovery.discoverAll();
  await discovery.close();
  showServices(services);
  showFailures(failures);
  line(`${services.length} found in ${Math.round(elapsedMs)} ms`);
  return services.filter(({ models }) => models.length > 0).length;
}

async function startEmbedded() {
  const servers = [
    // The model that ranks first for code dies before its first word: the next one answers.
    await fakeOllama({
      models: [{ id: 'qwen2.5-coder:32b', loaded: true }, { id: 'llama3.3:70b' }],
      // Twice: the request itself and its one repetition.
      faults: [{ name: 'close-before-content', model: 'qwen2.5-coder:32b', times: 2 }],
    }),
    await fakeLMStudio({ models: [{ id: 'qwen/qwen2.5-coder-14b', loaded: true }, { id: 'microsoft/phi-4' }] }),
    await fakeLlamaCpp({ models: [{ id: 'gemma-2-9b-it-Q4_K_M' }, { id: 'mistral-nemo-12b' }] }),
  ];
  return servers.map((server) => {
    const endpoint: ServiceEndpoint = { type: server.type, baseURL: server.url, name: `${server.type} (embedded)` };
    return { server, endpoint };
  });
}
