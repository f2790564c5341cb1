import { createHmac, randomBytes } from 'node:crypto';
import { tokensEqual } from '@wa-gate/kit';

/**
 * Tokens against cross-site requests: a nonce and an HMAC over the nonce and the login. The dashboard sends its token
 * in a header beside the session cookie, and a page of another origin cannot read it. Tokens are not stored. A token is
 * valid for one login and ends with it.
 */
export interface Csrf {
  issue(loginId: string): string;
  verify(token: unknown, loginId: string): boolean;
}

/** In lower case, as Node names it. */
export const CSRF_HEADER = 'x-csrf-token';

const NONCE_BYTES = 16;
const MAX_LENGTH = 200;

/** @param secrets the first issues, all verify */
export function createCsrf(secrets: readonly (string | Buffer)[]): Csrf {
  const sign = (secret: string | Buffer, nonce: string, loginId: string) =>
    createHmac('sha256', secret).update(`csrf|${loginId}|${nonce}`).digest('base64url');

  return {
    issue(loginId) {
      const nonce = randomBytes(NONCE_BYTES).toString('base64url');
      return `${nonce}.${sign(secrets[0]!, nonce, loginId)}`;
    },
    verify(token, loginId) {
      if (typeof token !== 'string' || token.length > MAX_LENGTH) return false;
      const [nonce = '', proof = '', ...rest] = token.split('.');
      return rest.length === 0 && secrets.some((secret) => tokensEqual(proof, sign(secret, nonce, loginId)));
    },
  };
}
