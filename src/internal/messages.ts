import type { AssistantMessage, Message, ToolCall } from '../core/chat.js';

/** Who may speak; one entry per role, so that none is forgotten. */
const ROLES: Readonly<Record<Message['role'], true>> = {
  system: true,
  developer: true,
  user: true,
  assistant: true,
  tool: true,
  function: true,
};

/** Whether a value names who speaks in a message. */
export function isRole(value: unknown): value is Message['role'] {
  return typeof value === 'string' && Object.hasOwn(ROLES, value);
}

/** All roles, for a message of ours. */
export function roleNames(): string {
  return Object.keys(ROLES).join(', ');
}

/** Whether a message instructs the model rather than being part of the talk. */
export function isSystem({ role }: Message): boolean {
  return role === 'system' || role === 'developer';
}

/** An answer as a message: without text there is none where tools are asked for. */
export function assistantMessage(text: string, toolCalls: ToolCall[]): AssistantMessage {
  return {
    role: 'assistant',
    content: text === '' && toolCalls.length > 0 ? null : text,
    ...(toolCalls.length > 0 && { tool_calls: toolCalls }),
  };
}
