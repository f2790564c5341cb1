export { createQrHistoryRepository, type QrHistoryRepository } from './qr-history.repository.ts';
export { singleAccountRoutes } from './single-account.routes.ts';
