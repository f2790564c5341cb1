/**
 * Each Baileys socket creates an AsyncLocalStorage, and on Node < 24 every promise copies every instance. Two hundred
 * sockets would spend their time on that instead of loading the sandbox. This makes all instances share one. Import it
 * before Baileys.
 */
import asyncHooks, { AsyncLocalStorage } from 'node:async_hooks';
import { syncBuiltinESMExports } from 'node:module';

const shared = new AsyncLocalStorage<ReadonlyMap<object, unknown>>();

class SharedStorage<T> {
  run<R>(store: T, callback: (...args: unknown[]) => R, ...args: unknown[]): R {
    return shared.run(new Map(shared.getStore()).set(this, store), callback, ...args);
  }

  exit<R>(callback: (...args: unknown[]) => R, ...args: unknown[]): R {
    const others = new Map(shared.getStore());
    others.delete(this);
    return shared.run(others, callback, ...args);
  }

  enterWith(store: T): void {
    shared.enterWith(new Map(shared.getStore()).set(this, store));
  }

  getStore(): T | undefined {
    return shared.getStore()?.get(this) as T | undefined;
  }
}

Object.assign(asyncHooks, { AsyncLocalStorage: SharedStorage });
syncBuiltinESMExports();
