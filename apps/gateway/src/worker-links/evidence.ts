/**
 * Proof that a process life is over, on any platform: its address refuses connections, a newer life answers there, or
 * it said goodbye itself. A time-out, a reset, a name that does not resolve or a silent stream prove nothing: then the
 * end of the lease decides.
 */
export type Evidence = 'connection refused' | 'newer incarnation' | 'goodbye';

/** Whether the address refused the connection. A host with several addresses refuses only when every one does. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isRefusal);
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ECONNREFUSED';
}
