import { ApiError } from '../../http/api-error.ts';

/**
 * A member or a key of the workspace is as good as before; it is its account that may do nothing.
 *
 * @throws {ApiError} ACCOUNT_DISABLED
 */
export function assertAccountActive<Found extends { isAccountActive: boolean }>(
  found: Found,
): asserts found is Found & { isAccountActive: true } {
  if (found.isAccountActive) return;
  throw new ApiError('ACCOUNT_DISABLED', {
    message:
      'The account that owns this workspace has been deactivated. Ask the administrator of this installation, or log in again to work in another workspace.',
  });
}
