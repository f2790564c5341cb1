export { createUsageMover, type UsageMover } from './usage-mover.ts';
