import { tellChange } from './state-events.ts';
import type { StatusWriter } from './status-writer.ts';
import { type ActorEvent, type ActorState, isTerminal, type PublicView, transition } from './transition.ts';

/** Where an actor is: the only holder of its state. What changes is told to PostgreSQL, and to whoever waits for it. */
export class StateKeeper {
  readonly #status: StatusWriter;
  readonly #watchers = new Set<() => void>();
  #state: ActorState = { name: 'new' };
  /** What the database and the user know. */
  #view: PublicView | null = null;

  constructor(status: StatusWriter) {
    this.#status = status;
  }

  get state(): ActorState {
    return this.#state;
  }

  /** What an earlier owner has written: it is not told again. */
  recall(view: PublicView): void {
    this.#view = view;
  }

  /** `false`: the event does not fit the state, and nothing has changed. */
  move(event: ActorEvent): boolean {
    const before = this.#state;
    const after = transition(before, event);
    if (after === before) return false;
    this.#state = after;
    const change = tellChange(before, after, this.#view);
    if (change) {
      this.#view = change.view;
      this.#status.write(change.update, change.events);
    }
    for (const watcher of this.#watchers) watcher();
    return true;
  }

  /** Resolves when `reached` holds, at the end of the time, or when the actor ends. */
  until(reached: (state: ActorState) => boolean, waitMs: number): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (reached(this.#state) || isTerminal(this.#state)) finish();
      };
      const finish = () => {
        clearTimeout(timer);
        this.#watchers.delete(look);
        resolve();
      };
      const timer = setTimeout(finish, waitMs);
      this.#watchers.add(look);
      look();
    });
  }
}
