import { ERROR_CODES, ERRORS, type ErrorCode } from '@wa-gate/contracts';
import { Type } from 'typebox';
import { describeCodes } from './components.ts';

/** What any route may answer. */
export const USUAL_CODES: readonly ErrorCode[] = [
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

/** By the codes: many routes refuse for the same reasons. */
const known = new Map<string, ReturnType<typeof describe>>();

/** The `response` entries of the refusals of a route, for the API description: one entry per HTTP status. */
export function errorResponses(...codes: ErrorCode[]): ReturnType<typeof describe> {
  const key = codes.join();
  const described = known.get(key) ?? describe(codes);
  known.set(key, described);
  return described;
}

function describe(codes: readonly ErrorCode[]) {
  const byStatus = new Map<number, ErrorCode[]>();
  const all = new Set([...codes, ...USUAL_CODES]);
  for (const code of ERROR_CODES.filter((each) => all.has(each))) {
    const { status } = ERRORS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  return Object.fromEntries(
    [...byStatus].map(([status, listed]) => [
      `${status}`,
      Type.Unsafe<never>({
        description: describeCodes(listed),
        content: { 'application/json': { schema: { $ref: 'Error#' } } },
      }),
    ]),
  );
}
