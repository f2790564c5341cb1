export { createUsageMover } from './usage-mover.ts';
