/** The fake model servers as request handlers for msw 2 and 3, which the host installs. */

export type { ContentPart, CustomToolCall, Message, TextPart, ToolCall, ToolDefinition } from './core/chat.js';
export type { Capability } from './core/model.js';
export type { FakeRequest } from './testing/fake-request.js';
export type { FakeChat, FakeModel, FakeReply, FakeServerOptions, FakeToolCall } from './testing/fake-server.js';
export type { FakeFault, FakeFaultName } from './testing/faults.js';
export type { MswHandlersOptions, MswServerOptions } from './testing/msw-handlers.js';
export { mswHandlers } from './testing/msw-handlers.js';
