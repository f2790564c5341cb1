import type { FastifyRequest } from 'fastify';
import { ApiError } from './api-error.ts';

/**
 * The JSON escapes of text that PostgreSQL cannot store: U+0000, and half of a surrogate pair, the rest of a cut emoji.
 */
const NO_TEXT = /(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})/;

/** @throws {ApiError} when the body has such text */
export function refuseWhatIsNoText(body: unknown): void {
  if (!NO_TEXT.test(JSON.stringify(body))) return;
  throw new ApiError('VALIDATION', {
    message: 'The request is not valid: body contains the character U+0000 or half of a surrogate pair (a cut emoji).',
  });
}

/** The same as a hook of routes whose JSON is stored. A body that is a stream is judged where it is read. */
export async function refuseUnstorableBody({ body }: FastifyRequest): Promise<void> {
  const isJson = typeof body === 'string' || (typeof body === 'object' && body !== null && !('pipe' in body));
  if (isJson) refuseWhatIsNoText(body);
}
