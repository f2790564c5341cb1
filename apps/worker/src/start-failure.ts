import { describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, describeListenFailure, MasterKeyError } from '@wa-gate/kit';
import { MediaStoreError } from '@wa-gate/media';

/** The reason why the worker cannot start, in one sentence; `null` for an unexpected error. */
export function explainStartFailure(error: unknown, env: NodeJS.ProcessEnv): string | null {
  if (error instanceof ConfigError || error instanceof MasterKeyError || error instanceof MediaStoreError) {
    return error.message;
  }
  return describeListenFailure(error, env) ?? describeDatabaseFailure(error, env.DATABASE_URL ?? '');
}
