import type { Connection } from '../whatsapp/connection.ts';
import { performOn } from '../whatsapp/operations/index.ts';

export interface AlwaysOnlineDependencies {
  /** What the settings of the session say. */
  isWanted: () => boolean;
  connection: () => Connection | undefined;
  onFailure: (error: unknown) => void;
}

/** Shows the account online while it is connected, for a session that is told to. */
export class AlwaysOnline {
  readonly #deps: AlwaysOnlineDependencies;
  /** What the present connection has shown. */
  #shown = false;

  constructor(deps: AlwaysOnlineDependencies) {
    this.#deps = deps;
  }

  /** A new connection has shown nothing yet. */
  opened(): void {
    this.#shown = false;
    this.show();
  }

  /** Shows what the settings say, where the connection shows something else. */
  show(): void {
    const { isWanted, connection, onFailure } = this.#deps;
    const wanted = isWanted();
    const current = connection();
    if (!current || wanted === this.#shown) return;
    this.#shown = wanted;
    const state = wanted ? 'available' : 'unavailable';
    current
      .operate((wa) => performOn('presence.set', wa, { state }))
      .catch((error: unknown) => {
        this.#shown = !wanted;
        onFailure(error);
      });
  }
}
