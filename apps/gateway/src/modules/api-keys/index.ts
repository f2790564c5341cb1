export { createKeyStore, type KeyStore, type SessionRef } from './key-store.ts';
