import type { openParts } from '../../modules/webhooks/index.ts';

const REMOVED = '[removed]';
/** What is so short is in many texts, and no secret. */
const MIN_LENGTH = 4;

/**
 * The beginning of a receiver's answer, for people: a receiver that repeats what it was sent must not make us show or
 * store a secret. Cut afterwards, so that none is left in halves: give more than is kept.
 *
 * @param maxBytes of UTF-8
 */
export function withoutSecrets(answer: string, parts: ReturnType<typeof openParts>, maxBytes: number): string {
  const { secret, previous, headers } = parts;
  const hidden = [secret, previous?.secret, ...Object.values(headers), ...credentialsOf(headers.authorization)];
  let text = answer;
  for (const one of hidden) if (one && one.length >= MIN_LENGTH) text = text.replaceAll(one, REMOVED);
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  // A character that the cut halves goes.
  return bytes
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
}

/** Of basic authentication: as it is sent, and the password. */
function credentialsOf(authorization = ''): string[] {
  const [, encoded] = /^Basic (\S+)$/.exec(authorization) ?? [];
  if (!encoded) return [];
  const [, ...password] = Buffer.from(encoded, 'base64').toString().split(':');
  return [encoded, password.join(':')];
}
