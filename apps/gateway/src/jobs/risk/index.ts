export { createRiskLoop } from './risk-loop.ts';
