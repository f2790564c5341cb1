import { expect, it } from 'vitest';
import { ERRORS, type ErrorCode } from './errors.ts';

it('errors of media have the statuses that clients tell them apart by (MR-051)', () => {
  const statuses: Partial<Record<ErrorCode, number>> = Object.fromEntries(
    Object.entries(ERRORS)
      .filter(([code]) => code.startsWith('MEDIA_'))
      .map(([code, { status }]) => [code, status]),
  );
  const expected = new Map<ErrorCode, number>([
    ['MEDIA_NOT_FOUND', 404],
    ['MEDIA_NOT_READY', 409],
    ['MEDIA_EXPIRED', 410],
    ['MEDIA_TOO_LARGE', 413],
    ['MEDIA_QUOTA', 413],
    ['MEDIA_EMPTY', 422],
    ['MEDIA_TYPE_MISMATCH', 422],
    ['MEDIA_UNREADABLE', 422],
    ['MEDIA_UNREACHABLE', 422],
    ['MEDIA_URL_FORBIDDEN', 422],
    ['MEDIA_TOOL_MISSING', 422],
  ]);
  expect(statuses).toEqual(Object.fromEntries(expected));
});
