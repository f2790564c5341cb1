export { createQrHistoryRepository, type QrHistoryRepository } from './qr-history.ts';
