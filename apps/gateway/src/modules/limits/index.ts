export { createLimitsService, type LimitsService } from './limits.service.ts';
export { createLoginLocks, type LoginLocks } from './login-locks.ts';
export { createOwnLimits, type OwnLimits } from './own-limits.ts';
export { createReplicas } from './replicas.ts';
