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
