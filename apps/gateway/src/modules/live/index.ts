export { LIVE_ERRORS } from './live-errors.ts';
export { liveStatus, STATUS_TIMEOUT_MS } from './live-status.ts';
export { createOwnerRoutes } from './owner-routes.ts';
export { actOnSession, qrAnswer, showQr } from './session-actions.ts';
export { createSessionRemover, type RemovedSession, type SessionRemover } from './session-remover.ts';
