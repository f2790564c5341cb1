import type { SessionEvent } from '@wa-gate/contracts';
import type { SessionUpdate } from '@wa-gate/messaging';
import { describeChange } from './state-events.ts';
import type { StatusWriter } from './status-writer.ts';
import { type ActorEvent, type ActorState, isTerminal, type PublicView, publicView, transition } from './transition.ts';

/** The only holder of the state of an actor. Changes are written to PostgreSQL and passed to the watchers. */
export class StateKeeper {
  readonly #status: StatusWriter;
  readonly #watchers = new Set<() => void>();
  #state: ActorState = { name: 'new' };
  /** The view that was written last. */
  #view: PublicView | null = null;

  /** Events of the arrival on this process; the first write takes them along. */
  #arrival: SessionEvent[];

  constructor(status: StatusWriter, arrival: SessionEvent[]) {
    this.#status = status;
    this.#arrival = arrival;
  }

  get state(): ActorState {
    return this.#state;
  }

  /** Sets the view that an earlier owner has written, so that it is not written again. */
  restore(view: PublicView): void {
    this.#view = view;
  }

  /** `false`: the event does not fit the state, and nothing has changed. */
  move(event: ActorEvent): boolean {
    const before = this.#state;
    const after = transition(before, event);
    if (after === before) return false;
    this.#state = after;
    this.#publishChange(before, after);
    for (const watcher of this.#watchers) watcher();
    return true;
  }

  #publishChange(before: ActorState, after: ActorState): void {
    const view = publicView(after);
    const change = describeChange(before, after, this.#view);
    if (!view || !(change || this.#arrival.length > 0)) return;
    this.#view = view;
    this.#status.write(change?.update ?? view, [...this.#arrival, ...(change?.events ?? [])]);
    this.#arrival = [];
  }

  /** Writes columns of the session other than its state. */
  publish(update: Omit<SessionUpdate, 'state' | 'reason' | 'code'>, events: SessionEvent[]): void {
    const view = publicView(this.#state);
    if (view) this.#status.write({ ...view, ...update }, events);
  }

  /** Calls `listener` after every change of the state, until the returned function is called. */
  watch(listener: () => void): () => void {
    this.#watchers.add(listener);
    return () => this.#watchers.delete(listener);
  }

  /** Resolves when `reached` holds, after `waitMs`, or when the actor ends. */
  until(reached: (state: ActorState) => boolean, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const check = () => {
        if (reached(this.#state) || isTerminal(this.#state)) finish();
      };
      const finish = () => {
        clearTimeout(timer);
        unwatch();
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      const unwatch = this.watch(check);
      check();
    });
  }
}
