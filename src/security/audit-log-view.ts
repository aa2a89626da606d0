/**
 * A value in an audit record.
 * @public
 */
export type AuditValue = string | number | boolean | null;

/**
 * What was recorded: every attempt before its first byte leaves and after it ended, every refusal, every query.
 * Never prompt text, replies, file contents or keys, unless `logQueries` or `logResponses` is `'text'`.
 * Not recorded one by one: requests of discovery and of the host through `fetch` (each new connection is), code context and edits.
 * Every record has a number without gaps, both clocks (`t`, and `mono` in milliseconds, which nobody can set), and the run it is of.
 * @public
 */
export interface AuditLog {
  /** Where the files are; `null` if the log is in memory only. */
  readonly directory: string | null;
  /** The newest records, oldest first. At most 1000 are remembered. @defaultValue limit 1000 */
  recent(limit?: number): Record<string, AuditValue>[];
  /** Puts everything on the disk and into the sinks; rejects with `ERR_AUDIT` if something could not be written. */
  flush(): Promise<void>;
  /** Number and hash of the newest record; kept elsewhere and given to `verifyAuditLog`, it proves that nothing was cut off. `null` before the first record. */
  checkpoint(): string | null;
}
