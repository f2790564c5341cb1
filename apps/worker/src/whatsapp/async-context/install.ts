import asyncHooks from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';
import { SharedAsyncLocalStorage } from './shared-storage.ts';

/** From this version on V8 carries the context, and the number of instances costs nothing. */
const FIRST_NODE_WITHOUT_THE_COST = 24;

/**
 * Must be imported before anything that creates an `AsyncLocalStorage` per connection, that is before Baileys.
 * Instances that exist already stay native; they are few and fixed.
 */
if (Number.parseInt(process.versions.node, 10) < FIRST_NODE_WITHOUT_THE_COST) {
  // Node 22.23 has a getter there, which an assignment cannot replace.
  Object.defineProperty(asyncHooks, 'AsyncLocalStorage', {
    value: SharedAsyncLocalStorage,
    configurable: true,
    enumerable: true,
    writable: true,
  });
  syncBuiltinESMExports();
}
