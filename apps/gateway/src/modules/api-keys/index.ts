export { createKeyStore, type KeyStore } from './key-store.ts';
export { createKeysRepository } from './keys.repository.ts';
export { createKeysService, type KeysService } from './keys.service.ts';
export { mintKey } from './mint-key.ts';
