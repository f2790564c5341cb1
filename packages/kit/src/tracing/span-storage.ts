import { AsyncLocalStorage } from 'node:async_hooks';
import { promiseHooks } from 'node:v8';
import type { Span } from './span.ts';

/** Where the present span is kept, over awaits. */
export interface SpanStorage {
  getStore(): Span | undefined;
  run<T>(span: Span, work: () => T): T;
  /** Ends it: no span is present any more. */
  disable(): void;
}

/** From this version on V8 carries the values of `AsyncLocalStorage`. */
const FIRST_NODE_WITHOUT_HOOKS = 24;
const SPAN = Symbol('span');

type Carrier = Promise<unknown> & { [SPAN]?: Span | undefined };

/**
 * The span is a member of each promise that is made while it is present. Timers, `setImmediate` and events do not carry
 * it. An `AsyncLocalStorage` gives ids to all promises, handles and callbacks of the process, whether or not a span is
 * present: ten times as much processor time.
 */
class PromiseStorage implements SpanStorage {
  #present: Span | undefined;
  readonly disable = promiseHooks.createHook({
    init: (promise) => {
      if (this.#present !== undefined) (promise as Carrier)[SPAN] = this.#present;
    },
    before: (promise) => {
      this.#present = (promise as Carrier)[SPAN];
    },
    after: () => {
      this.#present = undefined;
    },
  }) as () => void;

  getStore(): Span | undefined {
    return this.#present;
  }

  run<T>(span: Span, work: () => T): T {
    const before = this.#present;
    this.#present = span;
    try {
      return work();
    } finally {
      this.#present = before;
    }
  }
}

/** One for a process: a span runs in it, and the tracer asks it. */
let storage: SpanStorage | undefined;

/**
 * @param arePromisesEnough nothing else in this process uses an `AsyncLocalStorage`, and what is called back by timers
 *   or events is given its span by `boundToSpan`
 */
export function openSpanStorage(arePromisesEnough: boolean): void {
  const isDear = Number.parseInt(process.versions.node, 10) < FIRST_NODE_WITHOUT_HOOKS;
  storage = arePromisesEnough && isDear ? new PromiseStorage() : new AsyncLocalStorage<Span>();
}

export function closeSpanStorage(): void {
  storage?.disable();
  storage = undefined;
}

export const storedSpan = (): Span | undefined => storage?.getStore();
export const runWithSpan = <T>(span: Span, work: () => T): T => (storage ? storage.run(span, work) : work());
