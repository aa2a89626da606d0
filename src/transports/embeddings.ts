import type { ModelRef } from '../core/model.js';
import { asObject, parseJson, readText } from '../internal/json.js';
import { badReply, inBandError } from './wire-errors.js';

const MAX_BODY = 32 * 1024 * 1024;

/** Reads a reply with one vector per input; anything else throws. */
export async function readEmbeddings(
  response: Response,
  model: ModelRef,
  count: number,
  pick: (body: Record<string, unknown>) => readonly unknown[],
): Promise<{ body: Record<string, unknown>; embeddings: number[][] }> {
  const body = asObject(parseJson(await readText(response, MAX_BODY, 'The embeddings reply')));
  if (body === undefined) throw badReply(model, 'the embeddings reply is not a JSON object');
  if (body['error'] !== undefined && body['error'] !== null) throw inBandError(body, model);
  const embeddings = pick(body).filter(isVector);
  if (embeddings.length !== count) {
    throw badReply(model, `the reply holds ${embeddings.length} vectors for ${count} texts`);
  }
  return { body, embeddings };
}

function isVector(value: unknown): value is number[] {
  return Array.isArray(value) && value.length > 0 && value.every((x) => typeof x === 'number' && Number.isFinite(x));
}
