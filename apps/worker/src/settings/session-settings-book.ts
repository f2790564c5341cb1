import { type SessionSettings, withDefaultSettings } from '@wa-gate/contracts';
import type { Pool } from '@wa-gate/db';
import type { Logger } from '@wa-gate/kit';

export interface SettingsBookDependencies {
  pool: Pool;
  logger: Logger;
  /** The sessions that this worker hosts. */
  sessionIds: () => readonly string[];
  /** The settings of a session are others than before. */
  onChange: (sessionId: string) => void;
}

/** Milliseconds between two looks for what callers have changed. */
const POLL_MS = 2_000;
/** Milliseconds by which a look goes back behind the last one: a transaction that began before it may end after it. */
const OVERLAP_MS = 30_000;

const CHANGED = {
  name: 'changed-session-settings',
  text: `SELECT id, settings FROM sessions WHERE id = ANY($1::uuid[])
    AND (NOT (id = ANY($2::uuid[])) OR updated_at > now() - make_interval(secs => $3))`,
};

/**
 * The settings of the hosted sessions, in memory: they decide about every message that comes. A change counts within
 * three seconds. While the database is away the settings of before count.
 */
export class SessionSettingsBook {
  readonly #deps: SettingsBookDependencies;
  readonly #known = new Map<string, { text: string; settings: SessionSettings }>();
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #lastLook = Number.NEGATIVE_INFINITY;

  constructor(deps: SettingsBookDependencies) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => void this.look(), POLL_MS).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  of(sessionId: string): SessionSettings {
    return this.#known.get(sessionId)?.settings ?? DEFAULTS;
  }

  /** What the row of a session says, where it is read anyway. */
  learn(sessionId: string, given: Partial<SessionSettings>): void {
    const text = JSON.stringify(given);
    const before = this.#known.get(sessionId);
    if (before?.text === text) return;
    this.#known.set(sessionId, { text, settings: withDefaultSettings(given) });
    if (before) this.#deps.onChange(sessionId);
  }

  /** Reads what has changed. Concurrent calls share one look. */
  look(): Promise<void> {
    this.#looking ??= this.#read().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #read(): Promise<void> {
    const { pool, logger, sessionIds } = this.#deps;
    const hosted = sessionIds();
    const mine = new Set(hosted);
    for (const sessionId of this.#known.keys()) if (!mine.has(sessionId)) this.#known.delete(sessionId);
    if (hosted.length === 0) return;
    const begun = performance.now();
    const seconds = Math.min(86_400, (begun - this.#lastLook + OVERLAP_MS) / 1_000);
    try {
      const values = [hosted, [...this.#known.keys()], seconds];
      const { rows } = await pool.query<{ id: string; settings: Partial<SessionSettings> }>({ ...CHANGED, values });
      this.#lastLook = begun;
      for (const { id, settings } of rows) this.learn(id, settings);
    } catch (error) {
      logger.debug({ err: error }, 'settings of sessions not read, trying again');
    }
  }
}

const DEFAULTS = withDefaultSettings({});
