import type { FakeRequest } from './fake-request.js';

/**
 * What a fake server can be told to do wrong, by name.
 * @public
 */
export type FakeFaultName =
  | 'hang'
  | 'reset'
  | 'html'
  | 'invalid-json'
  | 'status-429'
  | 'status-500'
  | 'status-503-loading'
  | 'overflow'
  | 'close-before-content'
  | 'error-before-content'
  | 'close-mid-stream'
  | 'error-in-stream'
  | 'hang-mid-stream'
  | 'no-finish'
  | 'done-without-finish'
  | 'empty-answer'
  | 'status-401'
  | 'redirect'
  | 'compressed'
  | 'not-http'
  | 'slow-headers'
  | 'endless-hints'
  | 'flood'
  | 'endless-answer'
  | 'only-keep-alives'
  | 'byte-by-byte'
  | 'bom'
  | 'crlf'
  | 'keep-alives'
  | 'more-after-end';

/**
 * Every fault and what it does, for tests that go through all of them. After the last five the answer is complete and
 * right all the same (not streamed it is as always). Where there is no socket (msw), `not-http` is a network error, and
 * `slow-headers` and `endless-hints` are silence.
 * @public
 */
export const fakeFaults: Readonly<Record<FakeFaultName, string>> = {
  hang: 'takes the request and never answers',
  reset: 'closes the connection without a byte',
  html: 'answers 200 with a web page',
  'invalid-json': 'answers 200 with JSON that is cut short, before any content',
  'status-429': "answers 429 in the server's own error form, with Retry-After: 1",
  'status-500': "answers 500 in the server's own error form",
  'status-503-loading': 'answers 503 as while it loads a model or is too busy to',
  overflow: "answers with the server's own error for a prompt that does not fit",
  'close-before-content': 'sends status and headers, then closes the connection',
  'error-before-content': "streams nothing but the server's own error (not streamed: 500)",
  'close-mid-stream': 'closes the connection after half of the answer',
  'error-in-stream': "ends with the server's own error after half of the answer (not streamed: 500)",
  'hang-mid-stream': 'goes silent after half of the answer, with the connection open',
  'no-finish': 'ends the body cleanly after the text, without saying that the answer is complete',
  'done-without-finish': 'the same, but with the [DONE] line of the OpenAI dialects',
  'empty-answer': 'answers completely, with nothing in it',
  'status-401': "answers 401 in the server's own error form, whatever the key",
  redirect: 'answers 307, to another path of its own',
  compressed: 'answers in gzip that breaks off after its header, whatever was asked for',
  'not-http': 'answers with the greeting of another protocol, and closes the connection',
  'slow-headers': 'sends one byte of a header after another, for ever',
  'endless-hints': 'sends one 103 Early Hints after another, for ever',
  flood: 'sends letters without a line end, as fast as they are read, for ever',
  'endless-answer': 'repeats its answer for ever',
  'only-keep-alives': 'sends what means nothing (comments or empty lines) for ever',
  'byte-by-byte': 'sends each byte of the answer by itself',
  bom: 'begins the answer with a byte order mark',
  crlf: 'ends the lines of the answer with CR LF',
  'keep-alives': 'sends what means nothing (comments or empty lines) between the pieces of the answer',
  'more-after-end': 'sends the answer a second time after its end, and rubbish after that',
};

/**
 * When a fault strikes.
 * @public
 */
export interface FakeFault {
  /** What goes wrong. */
  readonly name: FakeFaultName;
  /** Only for this model. @defaultValue every model */
  readonly model?: string | undefined;
  /** So often, then never again. @defaultValue always */
  readonly times?: number | undefined;
  /** Only when an answer is asked for, or at every request; what needs an answer to spoil then does nothing. @defaultValue 'answers' */
  readonly on?: 'answers' | 'any' | undefined;
}

/** The fault of a request, if any; entries with `times` are used up. */
export type FaultPicker = (request: FakeRequest, generates: boolean) => FakeFaultName | undefined;

/** Makes the picker of one server; it counts what is used up. */
export function faultPicker(
  faults: readonly (FakeFaultName | FakeFault)[] | ((request: FakeRequest) => FakeFaultName | undefined),
): FaultPicker {
  if (typeof faults === 'function') return faults;
  const left = faults.map((entry) => {
    const fault: FakeFault = typeof entry === 'string' ? { name: entry } : entry;
    return { ...fault, times: fault.times ?? Number.POSITIVE_INFINITY };
  });
  return (request, generates) => {
    const hit = left.find(
      (fault) =>
        fault.times > 0 &&
        (generates || fault.on === 'any') &&
        (fault.model === undefined || bare(fault.model) === bare(request.model)),
    );
    if (hit === undefined) return undefined;
    hit.times -= 1;
    return hit.name;
  };
}

/** Ollama writes `:latest` behind a name that has no tag. */
function bare(model: string | undefined): string | undefined {
  return model?.replace(/:latest$/, '');
}
