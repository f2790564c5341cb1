import { createHmac, randomBytes } from 'node:crypto';
import { secretContext } from './sealed-parts.ts';

/**
 * A secret that nobody has given. It is derived where the operator has set a secret, and not that secret itself: each
 * tenant is shown its own, and must not know that of others.
 *
 * @param id of the session for its primary webhook, else of the endpoint
 */
export function newSecret(baseSecret: string | undefined, id: string): string {
  const bytes = baseSecret ? createHmac('sha256', baseSecret).update(secretContext(id)).digest() : randomBytes(32);
  return `whsec_${bytes.toString('base64')}`;
}
