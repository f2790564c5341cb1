export { createBroadcastLoop } from './broadcast-loop.ts';
