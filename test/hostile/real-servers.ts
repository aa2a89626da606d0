import { expect } from 'vitest';
import { type Recorded, recorded, sendRecorded } from '../transports/loopback.js';
import { answers, breaksOff, type Ending, fails, type Row, type ServerRow, SHORT } from './catalogue.js';
import { trickle } from './floods.js';
import { head } from './wires.js';

/** How true servers really break: their recorded bytes, sent by a server of ours. */
interface Real {
  /** Below `test/fixtures`. */
  readonly file: string;
  readonly title: string;
  readonly wire: 'openai' | 'ollama';
  readonly ends: Ending;
  /** Where the kind of server matters. */
  readonly type?: NonNullable<ServerRow['endpoint']>['type'];
  /** After the recorded bytes: the connection is cut, it stays open in silence, or with comments for ever. @defaultValue as recorded */
  readonly after?: 'cut' | 'silence' | 'pings';
  readonly verify?: ServerRow['verify'];
}

const OLLAMA = 'ollama/0.33.0-rc2';
const WHEEL = 'llama.cpp/b11549-wheel';
const LLAMA = 'llama.cpp/v0.5.0';
const PYTHON = 'llama-cpp-python/0.3.36';
const LOCALAI = 'localai/3.12.1';
const WEBUI = 'text-generation-webui/4.7.3';
const KOBOLD = 'koboldcpp/1.104';
const MLX = 'mlx-lm/0.32.2';
const SWAP = 'llama-swap/v250-5-g0bdb3720';
const DOCKER = 'docker-model-runner/642c7211';
const OPEN = 'open-webui/0.12.4';

/** A connection that is cut is told by whoever notices it first. */
const CUT = ['ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'] as const;

/** All text of a recorded stream, whoever may take it for an answer. */
function textOf(file: string): string {
  const frames = recorded(file)
    .chunks.join('')
    .split('\n')
    .flatMap((line) => (line.startsWith('data: {') ? [JSON.parse(line.slice(6))] : []));
  return frames.map(({ choices }) => choices[0]?.delta?.content ?? '').join('');
}

const notes: ServerRow['verify'] = ({ result }) =>
  expect(result?.decision.notes.join()).not.toMatch(/another model|answered as/i);

const table: readonly Real[] = [
  // Ollama: HTTP sees nothing wrong in any of these but the last one of each wire.
  {
    file: `${OLLAMA}/kill-runner-chat-stream`,
    title: 'its runner dies in the middle, and HTTP ends well',
    wire: 'ollama',
    ends: breaksOff(/^ Once upon/, 'ERR_BAD_RESPONSE'),
  },
  {
    file: `${OLLAMA}/kill-runner-v1-stream`,
    title: 'its runner dies, and the last chunk names no model',
    wire: 'openai',
    ends: breaksOff(/^ Once upon/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/kill-runner-chat-nonstream`,
    title: 'its runner is dead',
    wire: 'ollama',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${OLLAMA}/kill-runner-v1-nonstream`,
    title: 'its runner is dead',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${OLLAMA}/repeat-stream-go`,
    title: 'drops an answer that repeats itself: done stays false',
    wire: 'ollama',
    ends: breaksOff(/lamp$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/repeat-nonstream-go`,
    title: 'the same in one body',
    wire: 'ollama',
    ends: breaksOff(/lamp$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/repeat-v1-stream-go`,
    title: 'the same without a reason',
    wire: 'openai',
    ends: breaksOff(/lamp$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/repeat-v1-nonstream-go`,
    title: 'the same with a reason of null',
    wire: 'openai',
    ends: breaksOff(/lamp$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/format-json-go`,
    title: 'drops JSON for its white space',
    wire: 'ollama',
    ends: breaksOff(/^\{/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/midstream-parse-error`,
    title: 'cannot parse what the model says',
    wire: 'ollama',
    ends: breaksOff('The skyR', 'ERR_BAD_RESPONSE'),
  },
  {
    file: `${OLLAMA}/midstream-parse-error-v1`,
    title: 'cannot parse what the model says',
    wire: 'openai',
    ends: breaksOff('The skyR', 'ERR_INTERRUPTED'),
  },
  {
    file: `${OLLAMA}/midstream-stall`,
    title: 'falls silent while its model goes on',
    wire: 'ollama',
    after: 'silence',
    ends: breaksOff('The skyR', 'ERR_TIMEOUT'),
  },
  {
    file: `${OLLAMA}/shutdown-mid-stream`,
    title: 'is shut down',
    wire: 'ollama',
    ends: breaksOff(/^ Once upon/, ...CUT),
  },
  {
    file: `${OLLAMA}/overflow-truncate-false-stream`,
    title: 'nests the overflow as JSON in a text',
    wire: 'ollama',
    ends: fails('ERR_CONTEXT_OVERFLOW'),
  },
  {
    file: `${OLLAMA}/overflow-v1-stream`,
    title: 'nests the overflow as JSON in a text',
    wire: 'openai',
    ends: fails('ERR_CONTEXT_OVERFLOW'),
  },
  {
    file: `${OLLAMA}/queue-full-chat-stream`,
    title: 'has a full queue',
    wire: 'ollama',
    ends: fails('ERR_OVERLOADED'),
  },
  {
    file: `${OLLAMA}/tools-not-supported-stream`,
    title: 'has a model without tools',
    wire: 'ollama',
    ends: fails('ERR_UNSUPPORTED'),
  },
  {
    file: `${OLLAMA}/err-cloud-stub`,
    title: 'would send the prompt to its cloud',
    wire: 'ollama',
    ends: fails('ERR_UNAUTHORIZED'),
  },
  {
    file: `${OLLAMA}/cloud-on-chat-stub`,
    title: 'could not send the prompt to its cloud',
    wire: 'ollama',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${OLLAMA}/get-origin-denied`,
    title: 'refuses without a word',
    wire: 'ollama',
    ends: fails('ERR_UNAUTHORIZED'),
  },
  // llama.cpp
  {
    file: `${LLAMA}/router-child-crash-stream`,
    title: 'its model process dies: the last words are no event',
    wire: 'openai',
    ends: breaksOff(/^ The quick/, 'ERR_BAD_RESPONSE'),
  },
  {
    file: `${LLAMA}/router-unload-mid-stream`,
    title: 'its model is unloaded by somebody: the last words are no event',
    wire: 'openai',
    ends: breaksOff(/^ /, 'ERR_BAD_RESPONSE'),
  },
  {
    file: `${LLAMA}/router-unload-mid-plain`,
    title: 'calls plain text JSON',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${LLAMA}/kill-sigterm-frozen-stream`,
    title: 'freezes when it is asked to stop, and pings',
    wire: 'openai',
    after: 'pings',
    ends: breaksOff(/^ /, 'ERR_TIMEOUT'),
  },
  {
    file: `${LLAMA}/kill-sigterm-closed-stream`,
    title: 'is asked to stop',
    wire: 'openai',
    ends: breaksOff(/^ /, ...CUT),
  },
  {
    file: `${LLAMA}/router-sigterm-mid-stream`,
    title: 'its router is asked to stop',
    wire: 'openai',
    ends: breaksOff(/^ /, ...CUT),
  },
  {
    file: `${LLAMA}/router-chat-unknown`,
    title: 'does not know the model any more',
    wire: 'openai',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${LLAMA}/router-chat-broken`,
    title: 'has a broken model file',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${WHEEL}/kill-sigkill-stream`,
    title: 'is killed',
    wire: 'openai',
    ends: breaksOff(/^ The quick/, ...CUT),
  },
  {
    file: `${WHEEL}/kv-exhausted-stream`,
    title: 'has its memory filled by another call',
    wire: 'openai',
    ends: breaksOff(/^ The quick/, 'ERR_CONTEXT_OVERFLOW'),
  },
  {
    file: `${WHEEL}/overflow-stream`,
    title: 'refuses a prompt that is too long',
    wire: 'openai',
    ends: fails('ERR_CONTEXT_OVERFLOW'),
  },
  {
    file: `${WHEEL}/auth-chat-wrong-stream`,
    title: 'refuses the key',
    wire: 'openai',
    ends: fails('ERR_UNAUTHORIZED'),
  },
  {
    file: `${WHEEL}/tool-call-unknown-name`,
    title: 'calls one tool again and again, because the one it wants is not there',
    wire: 'openai',
    ends: answers('', 'length'),
    verify: ({ result }) => expect(result?.toolCalls.length).toBeLessThan(128),
  },
  {
    file: `${WHEEL}/tool-call-cut-stream`,
    title: 'is cut in the middle of a tool call',
    wire: 'openai',
    ends: answers('', 'length'),
    verify: ({ result }) => expect(() => JSON.parse(result?.toolCalls[0]?.function.arguments ?? '')).toThrow(),
  },
  {
    file: `${WHEEL}/chat-json-schema-cut-fence`,
    title: 'opens a fence in JSON, and is cut',
    wire: 'openai',
    ends: answers('```js', 'length'),
  },
  // llama-cpp-python
  {
    file: `${PYTHON}/stream-then-models`,
    title: 'stops because somebody asked for its models: a bare [DONE]',
    wire: 'openai',
    after: 'cut',
    ends: breaksOff(/./s, ...CUT),
  },
  {
    file: `${PYTHON}/stream-then-chat`,
    title: 'stops because somebody else asked: a bare [DONE]',
    wire: 'openai',
    after: 'cut',
    ends: breaksOff(/Hy$/, ...CUT),
  },
  {
    file: `${PYTHON}/chat-overflow-stream`,
    title: 'answers 200 and no byte to a prompt that is too long',
    wire: 'openai',
    ends: fails('ERR_INTERRUPTED'),
  },
  {
    file: `${PYTHON}/chat-overflow`,
    title: 'refuses a prompt that is too long',
    wire: 'openai',
    ends: fails('ERR_CONTEXT_OVERFLOW'),
  },
  { file: `${PYTHON}/err-null`, title: 'shows its own code', wire: 'openai', ends: fails('ERR_BAD_RESPONSE') },
  // LocalAI
  {
    file: `${LOCALAI}/err-no-backend-stream`,
    title: 'says `Internal error:` as the assistant',
    wire: 'openai',
    type: 'localai',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${LOCALAI}/err-no-backend-stream`,
    title: 'says `Internal error:` as the assistant of who knows whom',
    wire: 'openai',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${LOCALAI}/err-no-backend`,
    title: 'has no backend',
    wire: 'openai',
    type: 'localai',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${LOCALAI}/chat-n2`,
    title: 'gives two choices one number',
    wire: 'openai',
    ends: answers('This is a mocked response.', 'stop'),
  },
  // text-generation-webui
  {
    file: `${WEBUI}/nomodel-chat-stream`,
    title: 'has no model: 200, no byte, cut',
    wire: 'openai',
    after: 'cut',
    ends: fails(...CUT),
  },
  {
    file: `${WEBUI}/nomodel-chat`,
    title: 'has no model: 500 as text',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${WEBUI}/err-functions-stream`,
    title: 'finds a fault after its headers: 200, no byte, cut',
    wire: 'openai',
    after: 'cut',
    ends: fails(...CUT),
  },
  {
    file: `${WEBUI}/chat-max-over`,
    title: 'fails over a limit that is too high',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  // KoboldCpp
  {
    file: `${KOBOLD}/nomodel-chat-stream`,
    title: 'has no model: an empty answer that became too long',
    wire: 'openai',
    type: 'koboldcpp',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${KOBOLD}/busy-q5`,
    title: 'is busy, and says it in a form of its own',
    wire: 'openai',
    type: 'koboldcpp',
    ends: fails('ERR_OVERLOADED'),
  },
  {
    file: `${KOBOLD}/abort-streamed`,
    title: 'is stopped by somebody else: cut, as it says',
    wire: 'openai',
    type: 'koboldcpp',
    ends: answers(textOf(`${KOBOLD}/abort-streamed`), 'length'),
  },
  {
    file: `${KOBOLD}/chat-tools-auto-stream`,
    title: 'ends for tool calls without one',
    wire: 'openai',
    type: 'koboldcpp',
    ends: answers(textOf(`${KOBOLD}/chat-tools-auto-stream`), 'stop'),
  },
  {
    file: `${KOBOLD}/chat-overflow-stream`,
    title: 'has cut the prompt without a word',
    wire: 'openai',
    type: 'koboldcpp',
    ends: answers(textOf(`${KOBOLD}/chat-overflow-stream`), 'length'),
  },
  // mlx-lm
  {
    file: `${MLX}/chat-stream-options-empty`,
    title: 'ends without [DONE]',
    wire: 'openai',
    ends: answers(textOf(`${MLX}/chat-stream-options-empty`), 'length'),
  },
  {
    file: `${MLX}/err-unknown-model-noslash`,
    title: 'would download the model',
    wire: 'openai',
    ends: fails('ERR_NO_MODEL'),
  },
  { file: `${MLX}/err-image`, title: 'takes text only', wire: 'openai', ends: fails('ERR_UNSUPPORTED') },
  {
    file: `${MLX}/models-no-hf-cache`,
    title: 'throws after its headers: 200, nothing',
    wire: 'openai',
    ends: fails('ERR_INTERRUPTED', 'ERR_BAD_RESPONSE'),
  },
  // llama-swap
  {
    file: `${SWAP}/backend-cut`,
    title: 'its backend drops the connection, and the body ends well',
    wire: 'openai',
    type: 'llama-swap',
    ends: breaksOff(/^The .*is$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${SWAP}/backend-exit`,
    title: 'its backend exits, and the body ends well',
    wire: 'openai',
    type: 'llama-swap',
    ends: breaksOff(/^The .*is$/, 'ERR_INTERRUPTED'),
  },
  {
    file: `${SWAP}/unloaded-mid-stream`,
    title: 'its model is unloaded by somebody, and the body ends well',
    wire: 'openai',
    type: 'llama-swap',
    ends: breaksOff('The sky', 'ERR_INTERRUPTED'),
  },
  {
    file: `${SWAP}/backend-reset`,
    title: 'its backend does not answer',
    wire: 'openai',
    type: 'llama-swap',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${SWAP}/crash-start-loading`,
    title: 'tells of a load, and then that it failed, inside a 200',
    wire: 'openai',
    type: 'llama-swap',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${SWAP}/crash-start-stream`,
    title: 'cannot start its backend',
    wire: 'openai',
    type: 'llama-swap',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${SWAP}/never-ready`,
    title: 'waited for its backend in vain',
    wire: 'openai',
    type: 'llama-swap',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${SWAP}/concurrency-limit`,
    title: 'takes no more at once',
    wire: 'openai',
    type: 'llama-swap',
    ends: fails('ERR_OVERLOADED'),
  },
  {
    file: `${SWAP}/chat-canned-response-model`,
    title: 'answers under the name of its backend',
    wire: 'openai',
    type: 'llama-swap',
    ends: answers('The sky is blue. (seen: messages,model,top_p)', 'stop'),
    verify: notes,
  },
  // Docker Model Runner
  {
    file: `${DOCKER}/nobackend-chat`,
    title: 'has no engine, and shows its paths',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${DOCKER}/chat-unknown`,
    title: 'does not know the model, in plain text',
    wire: 'openai',
    ends: fails('ERR_NO_MODEL'),
  },
  {
    file: `${DOCKER}/nobackend-ollama-chat`,
    title: 'has no engine, without a word',
    wire: 'ollama',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  {
    file: `${DOCKER}/ollama-chat`,
    title: 'says done without a reason',
    wire: 'ollama',
    ends: breaksOff(/./s, 'ERR_INTERRUPTED'),
  },
  {
    file: `${DOCKER}/chat-stream`,
    title: 'answers under the path of a file',
    wire: 'openai',
    type: 'docker-model-runner',
    ends: answers(textOf(`${DOCKER}/chat-stream`), 'length'),
    verify: notes,
  },
  // Open WebUI
  {
    file: `${OPEN}/err-upstream-midstream`,
    title: 'passes on an error of its upstream',
    wire: 'openai',
    ends: breaksOff(/the$/, 'ERR_BAD_RESPONSE'),
  },
  {
    file: `${OPEN}/err-upstream-400-stream`,
    title: 'passes on a refusal of its upstream',
    wire: 'openai',
    ends: fails('ERR_CONTEXT_OVERFLOW'),
  },
  {
    file: `${OPEN}/err-upstream-503`,
    title: 'passes on that its upstream is busy',
    wire: 'openai',
    ends: fails('ERR_OVERLOADED'),
  },
  { file: `${OPEN}/dead-chat`, title: 'has lost its backend', wire: 'openai', ends: fails('ERR_NO_MODEL') },
  {
    file: `${OPEN}/root-v1-models`,
    title: 'answers whatever it does not know with its web page',
    wire: 'openai',
    ends: fails('ERR_BAD_RESPONSE'),
  },
  { file: `${OPEN}/v1-chat-post`, title: 'does not take the method', wire: 'openai', ends: fails('ERR_BAD_RESPONSE') },
];

/** Words of the recorded servers that are theirs. */
const THEIRS =
  /Once upon|lamp|quick brown|\/srv\/|\.py\b|ollama\.com|prematurely|backend says|upstream broke|huggingface|HF_HUB/i;

export const realServers: readonly Row[] = [
  ...table.map(({ file, title, wire, type, ends, after, verify }): Row => {
    const record = recorded(file);
    return {
      id: file,
      title,
      wires: [wire],
      ends,
      discovery: false,
      endpoint: { ...(type === undefined ? {} : { type }), ...(after === 'silence' || after === 'pings' ? SHORT : {}) },
      answer: (socket, _, request) => {
        // Discovery may look whether anything has changed.
        if (!request.head.startsWith('POST')) socket.end();
        else if (after === 'silence' || after === 'pings') {
          socket.write(head({ contentType: typeOf(record) }) + record.chunks.join(''));
          if (after === 'pings') trickle(socket, ':\n\n');
        } else sendRecorded(socket, after === 'cut' ? { ...record, cut: true } : record);
      },
      verify: async (outcome) => {
        for (const text of [outcome.error?.message, ...outcome.attempts.map(({ reason }) => reason)])
          expect(text ?? '').not.toMatch(THEIRS);
        await verify?.(outcome);
      },
    };
  }),
  {
    id: `${SWAP}/raw-backend-cut-bytes`,
    title: 'the same to the byte, framing included',
    wires: ['openai'],
    ends: breaksOff(/^The .*is$/, 'ERR_INTERRUPTED'),
    discovery: false,
    answer: (socket) => void socket.end(recorded(`${SWAP}/raw-backend-cut-bytes`).chunks.join('')),
  },
];

function typeOf({ headers }: Recorded): string {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1] ?? '';
}
