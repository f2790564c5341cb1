import type { Pool } from '@wa-gate/db';

interface PlacementRow {
  sessionId: string;
  epoch: number;
  workerId: string | null;
}

const EVERY_MS = 100;
/**
 * The minimum of milliseconds between two changes of the owner of a session. Several changes may happen between two
 * samples that are far apart.
 */
const CHANGE_MS = 500;

/**
 * Samples the placements ten times a second, on a connection apart from the system under test, and records the messages
 * in `sending` at the instants of the faults.
 */
export class History {
  /** Epochs that decreased, or grew by more than the possible changes since the last sample. */
  readonly jumps: string[] = [];
  changes = 0;
  /** How often each message was in `sending` at the instant of a fault: so many resends are allowed. */
  readonly inSending = new Map<string, number>();
  private readonly pool: Pool;
  private readonly known = new Map<string, PlacementRow>();
  private lastSample = 0;
  private stopped = false;
  private loop: Promise<void> = Promise.resolve();

  constructor(pool: Pool) {
    this.pool = pool;
  }

  start(): void {
    this.loop = this.run();
  }

  async stop(): Promise<void> {
    this.stopped = true;
    await this.loop;
  }

  /** Records the messages in `sending` now. While PostgreSQL is away, none can enter that state. */
  async sampleSending(): Promise<number> {
    try {
      const { rows } = await this.pool.query<{ id: string }>(
        `SELECT wa_message_id AS id FROM outbox WHERE state = 'SENDING'`,
      );
      for (const { id } of rows) this.inSending.set(id, (this.inSending.get(id) ?? 0) + 1);
      return rows.length;
    } catch {
      return 0;
    }
  }

  private async run(): Promise<void> {
    while (!this.stopped) {
      await this.sample().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
    }
  }

  private async sample(): Promise<void> {
    const asked = performance.now();
    const { rows } = await this.pool.query<PlacementRow>(
      'SELECT session_id AS "sessionId", epoch, worker_id AS "workerId" FROM session_placements',
    );
    // A sample may be as old as its query: a slow answer before this one does not shorten the time between the two.
    const possible = 1 + Math.floor((performance.now() - this.lastSample) / CHANGE_MS);
    this.lastSample = asked;
    for (const row of rows) {
      const before = this.known.get(row.sessionId);
      this.known.set(row.sessionId, row);
      if (!before || before.epoch === row.epoch) continue;
      const grown = row.epoch - before.epoch;
      this.changes += Math.max(0, grown);
      if (grown < 0 || grown > possible) this.jumps.push(`${row.sessionId}: ${before.epoch} to ${row.epoch}`);
    }
  }
}
