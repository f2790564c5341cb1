export { createInvariantWatch, type InvariantWatch } from './invariant-watch.ts';
