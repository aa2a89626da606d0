import { type Logger, silentLogger } from '../core/logger.js';
import { unawaited } from './unawaited.js';

/** The host's logger; what it throws or rejects touches nobody. */
export function safeLogger(logger: Logger | undefined): Logger {
  if (logger === undefined) return silentLogger;
  const safely =
    (level: keyof Logger) =>
    (...a: unknown[]): void => {
      try {
        unawaited(logger[level](...a));
      } catch {
        // There is nowhere left to tell it.
      }
    };
  return { debug: safely('debug'), info: safely('info'), warn: safely('warn'), error: safely('error') };
}
