export { workersRoutes } from './workers.routes.ts';
export { createWorkersService, type WorkersService } from './workers.service.ts';
