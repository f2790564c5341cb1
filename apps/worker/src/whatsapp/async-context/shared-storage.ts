import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * One value of one storage in one async context. The epoch is compared on reading, so that `disable()` forgets every
 * value that was set before it, in whatever context that value still travels.
 */
interface Entry {
  epoch: number;
  value: unknown;
}

type Context = ReadonlyMap<SharedAsyncLocalStorage<unknown>, Entry>;

/** Taken when this module is loaded, before anybody may have replaced the class. */
const Native = AsyncLocalStorage;
const carrier = new Native<Context>();

const EMPTY: Context = new Map();

/**
 * Stands in for `AsyncLocalStorage` on Node < 24. There every instance that was ever enabled is copied along by every
 * promise and timer of the process, for ever: with one instance per WhatsApp socket an await costs 0.25 us at the start
 * and 112 us after a thousand sockets. Here all instances keep their values in one immutable map that one native
 * instance carries, so an await costs the same however many instances there are; entering a context copies a map of the
 * values set in it, which are few.
 */
export class SharedAsyncLocalStorage<T> {
  static bind: typeof Native.bind = (fn) => Native.bind(fn);
  static snapshot: typeof Native.snapshot = () => Native.snapshot();

  #epoch = 0;

  getStore(): T | undefined {
    const entry = carrier.getStore()?.get(this as SharedAsyncLocalStorage<unknown>);
    return entry?.epoch === this.#epoch ? (entry.value as T) : undefined;
  }

  run<R, A extends unknown[]>(store: T, callback: (...args: A) => R, ...args: A): R {
    return carrier.run(this.#with(store), callback, ...args);
  }

  exit<R, A extends unknown[]>(callback: (...args: A) => R, ...args: A): R {
    return carrier.run(this.#without(), callback, ...args);
  }

  enterWith(store: T): void {
    carrier.enterWith(this.#with(store));
  }

  /** Forgets the values in all contexts; `run` and `enterWith` work again afterwards. */
  disable(): void {
    this.#epoch += 1;
  }

  #with(value: T): Context {
    const context = new Map(carrier.getStore() ?? EMPTY);
    context.set(this as SharedAsyncLocalStorage<unknown>, { epoch: this.#epoch, value });
    return context;
  }

  #without(): Context {
    const context = new Map(carrier.getStore() ?? EMPTY);
    context.delete(this as SharedAsyncLocalStorage<unknown>);
    return context;
  }
}
