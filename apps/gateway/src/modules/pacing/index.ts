export { createPacingService, type PacingService } from './pacing.service.ts';
