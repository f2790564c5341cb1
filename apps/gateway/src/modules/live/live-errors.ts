/** What every call to the owner of a session may be refused with. */
export const LIVE_ERRORS = ['UNAUTHENTICATED', 'SESSION_NOT_FOUND', 'SESSION_MOVING', 'WORKER_ERROR'] as const;
