/**
 * The machine that the host app runs on.
 * @public
 */
export interface Environment {
  /** Operating system. */
  readonly os: 'linux' | 'macos' | 'windows' | 'other';
  /** Version of the Windows Subsystem for Linux; 0 outside of it. */
  readonly wsl: 0 | 1 | 2;
  /** Kind of container, for example `docker`; `null` outside of one. */
  readonly container: string | null;
  /** The coding agent that hosts the router. */
  readonly codingAgent: CodingAgent | null;
  /** Whether a Serena client is there. */
  readonly serena: boolean;
}

/**
 * The coding agent that hosts the router.
 * @public
 */
export interface CodingAgent {
  /** Name, for example `aider`. */
  readonly name: string;
  /** What it is to its user. */
  readonly kind: 'cli' | 'ide' | 'gui' | 'mcp' | 'unknown';
  /** Its version. */
  readonly version?: string | undefined;
  /** Where its configuration lies. */
  readonly configPath?: string | undefined;
  /** How it was found out. */
  readonly source: 'option' | 'environment' | 'process' | 'unknown';
}
