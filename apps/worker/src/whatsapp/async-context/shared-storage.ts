import { promiseHooks } from 'node:v8';

/**
 * One value of one storage in one async context. Reads compare the epoch, so that `disable()` invalidates every value
 * that was set before it, in all contexts.
 */
interface Entry {
  epoch: number;
  value: unknown;
}

type Context = ReadonlyMap<SharedAsyncLocalStorage<unknown>, Entry>;

const EMPTY: Context = new Map();
const CONTEXT = Symbol('context');
type Carrier = Promise<unknown> & { [CONTEXT]?: Context | undefined };

/** The context of what runs now. */
let present: Context | undefined;

promiseHooks.createHook({
  init(promise) {
    if (present !== undefined) (promise as Carrier)[CONTEXT] = present;
  },
  before(promise) {
    present = (promise as Carrier)[CONTEXT];
  },
  after() {
    present = undefined;
  },
});

function runIn<R>(context: Context | undefined, work: () => R): R {
  const before = present;
  present = context;
  try {
    return work();
  } finally {
    present = before;
  }
}

/**
 * Replaces `AsyncLocalStorage` on Node < 24. There every promise, timer and handle of the process gets ids for its
 * sake, and copies every instance that was ever enabled. With one instance per WhatsApp socket an await costs 0.25 us
 * at the start and 112 us after a thousand sockets. Here all instances keep their values in one immutable map, which is
 * a member of each promise that is made in its context.
 *
 * Promises alone carry it: what timers and events call runs in no context. An `AsyncResource` does not restore it;
 * `snapshot` does.
 */
export class SharedAsyncLocalStorage<T> {
  static bind<A extends unknown[], R>(fn: (...args: A) => R): (...args: A) => R {
    const context = present;
    return (...args) => runIn(context, () => fn(...args));
  }

  static snapshot(): <A extends unknown[], R>(fn: (...args: A) => R, ...args: A) => R {
    const context = present;
    return (fn, ...args) => runIn(context, () => fn(...args));
  }

  #epoch = 0;

  getStore(): T | undefined {
    const entry = present?.get(this as SharedAsyncLocalStorage<unknown>);
    return entry?.epoch === this.#epoch ? (entry.value as T) : undefined;
  }

  run<R, A extends unknown[]>(store: T, callback: (...args: A) => R, ...args: A): R {
    return runIn(this.#with(store), () => callback(...args));
  }

  exit<R, A extends unknown[]>(callback: (...args: A) => R, ...args: A): R {
    return runIn(this.#without(), () => callback(...args));
  }

  /** @throws {Error} always: nothing tells where its turn ends */
  enterWith(_store: T): never {
    throw new Error('AsyncLocalStorage.enterWith is not supported by the worker on Node < 24. Use run.');
  }

  /** Drops the values in all contexts; `run` works again afterwards. */
  disable(): void {
    this.#epoch += 1;
  }

  #with(value: T): Context {
    const context = new Map(present ?? EMPTY);
    context.set(this as SharedAsyncLocalStorage<unknown>, { epoch: this.#epoch, value });
    return context;
  }

  #without(): Context {
    const context = new Map(present ?? EMPTY);
    context.delete(this as SharedAsyncLocalStorage<unknown>);
    return context;
  }
}
