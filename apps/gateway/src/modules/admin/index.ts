export { createAllSessions } from './all-sessions.ts';
export type { AdministrationServices } from './services.ts';
export { createUsersRepository } from './users.repository.ts';
export { createUsersService, type UsersService } from './users.service.ts';
