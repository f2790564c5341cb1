import { describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, describeListenFailure, MasterKeyError } from '@wa-gate/kit';

/** The reason why the worker cannot start, in one sentence; `null` for an unexpected error. */
export function explainStartFailure(error: unknown, env: NodeJS.ProcessEnv): string | null {
  if (error instanceof ConfigError || error instanceof MasterKeyError) return error.message;
  return describeListenFailure(error, env) ?? describeDatabaseFailure(error, env.DATABASE_URL ?? '');
}
