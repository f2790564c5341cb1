export { createQrHistoryRepository, type QrHistoryRepository } from './qr-history.ts';
export { singleAccountRoutes } from './single-account.routes.ts';
