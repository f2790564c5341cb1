export { createSessionDirectory, type SessionDirectory } from './session-directory.ts';
export { sessionOfRequest } from './session-of-request.ts';
export { createSessionsRepository } from './sessions.repository.ts';
export { sessionsRoutes } from './sessions.routes.ts';
export { createSessionsService, type SessionsService } from './sessions.service.ts';
