import { describeDatabaseFailure } from '@wa-gate/db';
import { ConfigError, MasterKeyError } from '@wa-gate/kit';

/** Why the worker cannot start, in one sentence; `null` for what nobody expected. */
export function explainStartFailure(error: unknown, env: NodeJS.ProcessEnv): string | null {
  if (error instanceof ConfigError || error instanceof MasterKeyError) return error.message;
  const { code } = error as { code?: string };
  if (code === 'EADDRINUSE') {
    return `Port ${env.PORT} is taken on ${env.HOST ?? '127.0.0.1'}. Stop the other program, or set PORT to a free port.`;
  }
  if (code === 'EACCES') return `Port ${env.PORT} may not be opened by this user. Set PORT to one above 1023.`;
  if (code === 'EADDRNOTAVAIL') return `This machine has no address ${env.HOST}. Set HOST to one that it has.`;
  return describeDatabaseFailure(error, env.DATABASE_URL ?? '');
}
