export { type Bells, createBells } from './bells.ts';
export { type ControlStreams, createControlStreams } from './control-streams.ts';
export { workersRoutes } from './workers.routes.ts';
export { createWorkersService, type WorkersService } from './workers.service.ts';
