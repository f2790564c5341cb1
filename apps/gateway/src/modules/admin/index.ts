export { type AllSessions, createAllSessions } from './all-sessions.ts';
export { allSessionsRoutes } from './sessions.routes.ts';
export { createUsersRepository } from './users.repository.ts';
export { usersRoutes } from './users.routes.ts';
export { createUsersService, type UsersService } from './users.service.ts';
