import { createHmac, generateKeyPairSync, sign } from 'node:crypto';

export interface TokenParts {
  header: Record<string, unknown>;
  claims: Record<string, unknown>;
}

const encode = (part: unknown): string => Buffer.from(JSON.stringify(part)).toString('base64url');
const decode = (part: string | undefined): Record<string, unknown> =>
  JSON.parse(Buffer.from(part ?? '', 'base64url').toString('utf8')) as Record<string, unknown>;

export function readToken(token: string): TokenParts {
  const [header, claims] = token.split('.');
  return { header: decode(header), claims: decode(claims) };
}

/** A token made with the secret. Written here, without the library of the gateway. */
export function hmacToken({ header, claims }: TokenParts, secret: string | Buffer, hash = 'sha256'): string {
  const signed = `${encode(header)}.${encode(claims)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

export const unsignedToken = ({ header, claims }: TokenParts, alg: string): string =>
  `${encode({ ...header, alg })}.${encode(claims)}.`;

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
export const PUBLIC_PEM = publicKey.export({ type: 'spki', format: 'pem' }).toString();

/** A token signed with the key pair of an attacker, whose public half is in the header. */
export function rsaToken({ header, claims }: TokenParts): string {
  const offered = { ...header, alg: 'RS256', jwk: publicKey.export({ format: 'jwk' }) };
  const signed = `${encode(offered)}.${encode(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`;
}
