export { sweepIncidents } from './incident-rows.ts';
export { createNoticeLoop } from './notice-loop.ts';
