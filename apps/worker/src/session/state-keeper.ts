import type { SessionEvent } from '@wa-gate/contracts';
import type { SessionUpdate } from '@wa-gate/messaging';
import { tellChange } from './state-events.ts';
import type { StatusWriter } from './status-writer.ts';
import { type ActorEvent, type ActorState, isTerminal, type PublicView, publicView, transition } from './transition.ts';

/** Where an actor is: the only holder of its state. What changes is told to PostgreSQL, and to whoever waits for it. */
export class StateKeeper {
  readonly #status: StatusWriter;
  readonly #watchers = new Set<() => void>();
  #state: ActorState = { name: 'new' };
  /** What the database and the user know. */
  #view: PublicView | null = null;

  /** To be told with the first write: that this process has the session now. */
  #arrival: SessionEvent[];

  constructor(status: StatusWriter, arrival: SessionEvent[]) {
    this.#status = status;
    this.#arrival = arrival;
  }

  get state(): ActorState {
    return this.#state;
  }

  /** What an earlier owner has written: it is not told again. */
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
    const change = tellChange(before, after, this.#view);
    if (!view || !(change || this.#arrival.length > 0)) return;
    this.#view = view;
    this.#status.write(change?.update ?? view, [...this.#arrival, ...(change?.events ?? [])]);
    this.#arrival = [];
  }

  /** Writes what is new about the session besides its state. */
  publish(update: Omit<SessionUpdate, 'state' | 'reason' | 'code'>, events: SessionEvent[]): void {
    const view = publicView(this.#state);
    if (view) this.#status.write({ ...view, ...update }, events);
  }

  /** Calls `look` after every change of the state, until the returned function is called. */
  watch(look: () => void): () => void {
    this.#watchers.add(look);
    return () => this.#watchers.delete(look);
  }

  /** Resolves when `reached` holds, at the end of the time, or when the actor ends. */
  until(reached: (state: ActorState) => boolean, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (reached(this.#state) || isTerminal(this.#state)) finish();
      };
      const finish = () => {
        clearTimeout(timer);
        unwatch();
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      const unwatch = this.watch(look);
      look();
    });
  }
}
