export { createInvariantWatch } from './invariant-watch.ts';
