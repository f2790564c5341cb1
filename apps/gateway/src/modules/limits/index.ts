export { createLimitsService, type LimitsService } from './limits.service.ts';
export { createOwnLimits, type OwnLimits } from './own-limits.ts';
export { createReplicas } from './replicas.ts';
