import { IDEMPOTENCY_KEY_PATTERN } from '@wa-gate/contracts';
import type { FastifyRequest } from 'fastify';
import { ApiError } from '../../http/api-error.ts';

const KEY = new RegExp(IDEMPOTENCY_KEY_PATTERN);

/** Checked before the schema, which would answer with a pattern. */
export async function refuseWrongKey(request: FastifyRequest): Promise<void> {
  const key = request.headers['idempotency-key'];
  if (key === undefined || (typeof key === 'string' && KEY.test(key))) return;
  throw new ApiError('VALIDATION', {
    message: 'The header Idempotency-Key is not valid: give one key of 1 to 255 characters out of A-Z a-z 0-9 . _ : -',
  });
}
