import { firstIdAt } from '@wa-gate/kit';
import { ApiError } from './api-error.ts';

/** The first id of rows that can be from this time or later, for a time as a query parameter has it. */
export function firstIdOf(parameter: string, time: string): string {
  const date = new Date(time);
  if (!Number.isNaN(date.getTime())) return firstIdAt(date);
  throw new ApiError('VALIDATION', {
    message: `\`${parameter}\` is not a point in time such as 2026-01-15T10:30:00Z.`,
  });
}
