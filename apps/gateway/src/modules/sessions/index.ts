export { presentSession } from './present-session.ts';
export { type Reach, reachInto, reachOf } from './reach.ts';
export { createSessionDirectory, type SessionDirectory } from './session-directory.ts';
export { DEFAULT_SESSION_ERRORS, sessionOfRequest } from './session-of-request.ts';
export { createSessionsRepository, type SessionRecord } from './sessions.repository.ts';
export { createSessionsService, type SessionsService, statesOf } from './sessions.service.ts';
