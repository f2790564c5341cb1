/** A proxy did not make a connection. The message says why, in words, and holds no credentials. */
export class ProxyError extends Error {
  override name = 'ProxyError';
  /** Libraries pass `code` on where they wrap an error. */
  readonly code = 'WAG_PROXY';
}

const PRIVATE = 'it has a private address, which this installation does not allow';

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'it refuses connections',
  ECONNRESET: 'it cuts the connection',
  EHOSTUNREACH: 'there is no way to its address',
  ENETUNREACH: 'there is no way to its network',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ETIMEDOUT: 'it does not answer in time',
  WAG_PRIVATE_ADDRESS: PRIVATE,
};

/** Texts of the SOCKS library, which has no codes. They hold nothing that was given. */
const SOCKS_WORDS: readonly (readonly [RegExp, string])[] = [
  [/is a private address/, PRIVATE],
  [/authentication failed|no accepted authentication/i, 'it does not accept the user name and password'],
  [/timed out/i, 'it does not answer in time'],
  [/rejected connection/i, 'it cannot reach the server behind it, or does not allow it'],
  [/invalid|socket closed/i, 'it does not speak SOCKS5'],
];

const STATUS_WORDS: Readonly<Record<number, string>> = {
  403: 'it does not allow the connection (403)',
  407: 'it does not accept the user name and password (407)',
};

/** The refusal of a CONNECT. */
export const refusedByProxy = (status: number): ProxyError =>
  new ProxyError(STATUS_WORDS[status] ?? `it answers ${status} in place of a connection`);

/** Why a proxy made no connection, from whatever the libraries threw. Nothing of their text is passed on. */
export function asProxyError(error: unknown): ProxyError {
  if (error instanceof ProxyError) return error;
  const { code, message = '' } = (error ?? {}) as { code?: string; message?: string };
  // The SOCKS library keeps the text of an error of the network, and not its code.
  const cause = code ?? /\bE[A-Z_]{4,}\b/.exec(message)?.[0];
  const words =
    WORDS[cause ?? ''] ??
    SOCKS_WORDS.find(([pattern]) => pattern.test(message))?.[1] ??
    `it makes no connection${cause ? ` (${cause})` : ''}`;
  return new ProxyError(words);
}
