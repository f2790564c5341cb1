import { ERRORS, type ErrorCode } from '@wa-gate/contracts';
import { Type } from 'typebox';

/** What any route may answer. */
const ALWAYS: ErrorCode[] = [
  'VALIDATION',
  'INVALID_JSON',
  'BAD_REQUEST',
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'ACCOUNT_DISABLED',
  'FORBIDDEN',
  'CSRF',
  'IP_DENIED',
  'HTTPS_REQUIRED',
  'BODY_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'RL_IP',
  'RL_KEY',
  'RL_ENDPOINT',
  'INTERNAL',
  'DATABASE_UNAVAILABLE',
];

/** The `response` entries of the refusals of a route, for the API description: one entry per HTTP status. */
export function errorResponses(...codes: ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of new Set([...codes, ...ALWAYS])) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      `${status}`,
      Type.Unsafe<never>({
        description: listed.map((code) => `\`${code}\`: ${ERRORS[code].sentence}`).join('\n\n'),
        content: { 'application/json': { schema: { $ref: 'Error#' } } },
      }),
    ]),
  );
}
