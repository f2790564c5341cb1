export { createKeyStore, type KeyStore, type NewKey, type SessionRef } from './key-store.ts';
