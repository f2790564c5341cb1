import { ERRORS } from '@wa-gate/contracts';
import { ApiError } from '../../http/api-error.ts';

/** Whether the caller is the reason: the same call would be refused again. */
export const isRefusal = (error: unknown): boolean => error instanceof ApiError && ERRORS[error.code].status < 500;

/**
 * The work of a deletion that is stored. When it fails, a job makes it again, and the caller hears so.
 *
 * @throws {ApiError} DELETION_GOES_ON, or the refusal of the work
 */
export async function orElseGoesOn<T>(deletionId: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (isRefusal(error)) throw error;
    throw new ApiError('DELETION_GOES_ON', { cause: error, details: { deletionId } });
  }
}
