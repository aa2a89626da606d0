import { createHash } from 'node:crypto';
import { type FileHandle, open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { RouterError } from '../core/errors.js';
import type { CallOptions } from '../core/events.js';
import { abortError } from '../internal/deadline.js';
import { judgePin, type PinSet, type PinVerdict, shortDigest } from '../internal/pin.js';
import { printable, shownValue } from '../internal/redact.js';

const CHUNK_BYTES = 1_048_576;

/** The SHA-256 of each file, one file after the other; `mismatch` hears of those that are not what a pin or their name says. */
export async function hashModelFiles(
  paths: readonly string[],
  { signal }: CallOptions,
  pins: PinSet,
  mismatch: (verdict: PinVerdict, message: string) => void,
): Promise<Record<string, string>> {
  checkPaths(paths);
  const digests = new Map<string, string>();
  for (const path of new Set(paths)) {
    const { hex, bytes } = await hashFile(path, signal);
    digests.set(path, `sha256:${hex}`);
    const said = <T>(value: T) => ({ value, source: 'server' as const });
    const file = { id: path, service: '', digest: said(hex), sizeBytes: said(bytes) };
    for (const pin of pins.mode === 'off' ? [] : pinsOf(path, pins)) {
      const verdict = judgePin(pin, file);
      // A file tells no quantisation, and its name is the one that was asked for.
      if (verdict.outcome !== 'mismatch' || verdict.strength === 'name') continue;
      const told = pin.pin.digest === undefined ? `has ${bytes} bytes` : `has the digest ${shortDigest(hex)}`;
      const wanted = pin.pin.digest === undefined ? `${pin.pin.bytes}` : shortDigest(pin.pin.digest);
      mismatch(verdict, `${printable(path)} ${told}, not ${wanted}. Fetch it again from where you trust it.`);
    }
  }
  // As own properties, whatever the paths are.
  return Object.fromEntries(digests);
}

/** The pins for a path, or for its base name; a blob of Ollama's carries its digest as its name. */
function pinsOf(path: string, { pins }: PinSet): PinSet['pins'] {
  const base = basename(path);
  const own = pins.filter(({ name }) => name === path || name === base);
  const digest = /^sha256-([0-9a-f]{64})$/.exec(base)?.[1];
  return digest === undefined ? own : [...own, { name: path, pin: { strength: 'digest', digest } }];
}

/** Reads a file in pieces of one size. It may be a link, as in the cache of Hugging Face, but not a pipe or device: those need not end. */
async function hashFile(path: string, signal: AbortSignal | undefined): Promise<{ hex: string; bytes: number }> {
  let file: FileHandle | undefined;
  try {
    const { size, mtimeMs } = await regular(path);
    file = await open(path);
    const hash = createHash('sha256');
    const buffer = new Uint8Array(CHUNK_BYTES);
    for (let bytes = 0; ; ) {
      if (signal?.aborted) throw abortError(signal);
      const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, null);
      bytes += bytesRead;
      // One that is written to need not end.
      if (bytesRead > 0 && bytes <= size) {
        hash.update(buffer.subarray(0, bytesRead));
        continue;
      }
      const after = await file.stat();
      if (bytes === size && after.size === size && after.mtimeMs === mtimeMs) return { hex: hash.digest('hex'), bytes };
      throw unreadable(path, 'it changed while it was read; wait until it is written');
    }
  } catch (error) {
    if (RouterError.is(error)) throw error;
    const code = (error as { code?: unknown }).code;
    throw unreadable(
      path,
      `${typeof code === 'string' ? code : 'it cannot be read'}; check the path and who may read it`,
    );
  } finally {
    await file?.close();
  }
}

async function regular(path: string): Promise<{ size: number; mtimeMs: number }> {
  const found = await stat(path);
  if (found.isFile()) return found;
  throw unreadable(path, 'it is no file; name the files of the model one by one');
}

function unreadable(path: string, why: string): RouterError {
  return new RouterError('ERR_INVALID_REQUEST', `hashModelFiles: ${printable(path)}: ${why}.`);
}

function checkPaths(paths: unknown): void {
  const at = Array.isArray(paths) ? paths.findIndex((path) => typeof path !== 'string' || path === '') : undefined;
  if (at === -1) return;
  const [name, value] = at === undefined ? ['paths', paths] : [`paths.${at}`, (paths as unknown[])[at]];
  throw new RouterError(
    'ERR_INVALID_REQUEST',
    `hashModelFiles: ${name}: got ${shownValue('', value)}; use ${at === undefined ? 'a list of paths' : 'the path of a file'}.`,
  );
}
