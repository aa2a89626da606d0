import type { CallOptions } from './events.js';

/**
 * A connection to Serena (semantic code search over language servers) that the host makes.
 * @public
 */
export interface SerenaClient {
  /** Calls a tool and gives its text as Serena sent it. */
  callTool(
    name: string,
    args: Record<string, unknown>,
    o: { signal: AbortSignal; timeoutMs: number },
  ): Promise<{ text: string; isError: boolean }>;
  /** The names of the tools that this Serena offers. */
  listTools(o: CallOptions): Promise<string[]>;
  /** Absolute path of the project that Serena works on. */
  workspaceRoot?: string;
  /** Ends the connection. */
  close?(): Promise<void>;
}
