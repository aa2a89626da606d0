// A host's file: it is compiled against the packed and installed package, never run.
import { LocalLLMRouter, type RouteResult, RouterError } from 'local-llm-router';
import type { ChatCompletionMessageParam, ChatCompletionTool } from 'openai/resources/chat/completions';

// A host that speaks OpenAI chat-completions passes through what it has and pushes back what it gets.
export async function passThrough(
  router: LocalLLMRouter,
  messages: ChatCompletionMessageParam[],
  tools: ChatCompletionTool[],
): Promise<ChatCompletionMessageParam[]> {
  const result: RouteResult = await router.route({ messages, tools });
  const next: ChatCompletionMessageParam[] = [...messages, result.message];
  for (const call of result.toolCalls) next.push({ role: 'tool', tool_call_id: call.id, content: '{}' });
  return next;
}

export async function main(signal: AbortSignal | undefined, session: string | undefined): Promise<string> {
  // What a host has at hand may be undefined.
  const router = new LocalLLMRouter({ fetch, logger: console, timeouts: { totalMs: undefined } });
  try {
    const stream = router.stream({ prompt: 'hi', session }, { signal });
    for await (const event of stream) if (event.type === 'text') console.log(event.text);
    for await (const text of stream.textStream) console.log(text);
    return (await stream.result).text;
  } catch (error) {
    if (RouterError.is(error) && error.code === 'ERR_NO_SERVICE') return error.message;
    throw error;
  } finally {
    await router.close();
  }
}
