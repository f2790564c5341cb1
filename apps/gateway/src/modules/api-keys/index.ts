export { createKeyStore, type KeyStore, type SessionRef } from './key-store.ts';
export { createKeysRepository } from './keys.repository.ts';
export { keysRoutes } from './keys.routes.ts';
export { createKeysService, type KeysService } from './keys.service.ts';
export { sessionKeysRoutes } from './session-keys.routes.ts';
