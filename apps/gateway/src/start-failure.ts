import { describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, describeListenFailure, MasterKeyError } from '@wa-gate/kit';
import { MediaStoreError } from '@wa-gate/media';
import type { Config } from './config.ts';

/** Why the gateway cannot start, in one sentence; `null` for an unexpected error. */
export function explainStartFailure(error: unknown, config: Partial<Config>): string | null {
  if (error instanceof ConfigError || error instanceof MasterKeyError || error instanceof MediaStoreError) {
    return error.message;
  }
  return describeListenFailure(error, config) ?? describeDatabaseFailure(error, config.DATABASE_URL ?? '');
}
