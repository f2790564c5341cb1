import type { Pool } from '@wa-gate/db';
import type { KeyWriter } from '../whatsapp/key-writer.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * The steps of one life of a session, in the order in which they happen, and its end between two of them. From the kill
 * on nothing of that life reads, writes, sends or is heard: what a `kill -9` leaves is what the database and the server
 * have.
 */
export class Gate {
  readonly steps: string[] = [];
  readonly killed: Promise<string>;
  #left = Number.POSITIVE_INFINITY;
  #at: string | undefined;
  #tellKilled: (step: string) => void = () => undefined;

  constructor() {
    this.killed = new Promise((resolve) => {
      this.#tellKilled = resolve;
    });
  }

  get isDead(): boolean {
    return this.#at !== undefined;
  }

  /** From now on the life ends when it has come to its `count`th step. */
  arm(count: number): void {
    this.#left = count;
  }

  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** The life has come to this step; `false`: it must not take it. */
  pass(step: string): boolean {
    if (this.isDead) return false;
    this.steps.push(step);
    this.#left -= 1;
    if (this.#left <= 0) this.kill(step);
    return !this.isDead;
  }

  kill(step = 'now'): void {
    this.#at ??= step;
    this.#tellKilled(step);
  }
}

/**
 * A pool through which a dead life reaches nothing; the statement that projects is a step. Reads of a dead life fail
 * and do not hang: libsignal has one queue per address for the whole process, and the next life must not wait in it for
 * the one before.
 */
export function gatedPool(pool: Pool, gate: Gate): Pool {
  const ask = pool.query.bind(pool) as unknown as (statement: { name?: string }) => Promise<unknown>;
  const query = async (statement: { name?: string }): Promise<unknown> => {
    const isStep = statement.name === 'store-inbound';
    if (isStep && !gate.pass('before projection')) return never();
    if (gate.isDead) throw new Error('This life has ended.');
    const result = await ask(statement);
    if (isStep && !gate.pass('after projection')) return never();
    if (gate.isDead) throw new Error('This life has ended.');
    return result;
  };
  return { query } as unknown as Pool;
}

/** A key writer whose commits are steps, named after the kinds of keys and the journalled stanzas in them. */
export function gatedWriter(writer: KeyWriter, gate: Gate): KeyWriter {
  return {
    ...writer,
    async write(write) {
      const kinds = [...write.upserts, ...write.deletes].map(({ kind }) => kind);
      const stanzas = (write.journal ?? []).map(({ stanzaId }) => `journal:${stanzaId}`);
      const what = [...new Set([...kinds, ...stanzas])].sort().join(' ');
      if (!gate.pass(`before commit of ${what}`)) return never();
      await writer.write(write);
      if (!gate.pass(`after commit of ${what}`)) return never();
    },
  };
}
