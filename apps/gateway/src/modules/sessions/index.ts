export { type Reach, reachOf } from './reach.ts';
export { createSessionDirectory, type SessionDirectory } from './session-directory.ts';
export { DEFAULT_SESSION_ERRORS, sessionOfRequest } from './session-of-request.ts';
export { createSessionsRepository } from './sessions.repository.ts';
export { sessionsRoutes } from './sessions.routes.ts';
export { createSessionsService, type SessionsService } from './sessions.service.ts';
