import { setTimeout } from 'node:timers/promises';
import type { Pool } from '@wa-gate/db';
import type { KeyWriter } from '../whatsapp/key-writer.ts';
import type { WithheldStep } from '../whatsapp/withheld-step.ts';

const never = <T>(): Promise<T> => new Promise<T>(() => undefined);

/**
 * Records the steps of one run of a session in their order, and ends the run between two of them. After the kill it
 * reads, writes and sends nothing, and its events are dropped: only the database and the server keep what it did, as
 * after a `kill -9`.
 */
export class Gate {
  readonly steps: string[] = [];
  readonly killed: Promise<string>;
  #left = Number.POSITIVE_INFINITY;
  #at: string | undefined;
  #resolveKilled: (step: string) => void = () => undefined;

  constructor() {
    this.killed = new Promise((resolve) => {
      this.#resolveKilled = resolve;
    });
  }

  get isDead(): boolean {
    return this.#at !== undefined;
  }

  /** The run is killed at its `count`th step from now. */
  arm(count: number): void {
    this.#left = count;
  }

  disarm(): void {
    this.#left = Number.POSITIVE_INFINITY;
  }

  /** Records that the run reached this step. `false`: the run is dead and must not take it. */
  pass(step: string): boolean {
    if (this.isDead) return false;
    this.steps.push(step);
    this.#left -= 1;
    if (this.#left <= 0) this.kill(step);
    return !this.isDead;
  }

  kill(step = 'now'): void {
    this.#at ??= step;
    this.#resolveKilled(step);
  }
}

/** Milliseconds that a statement of a slow database takes longer, at most. */
const SLOW_MS = 30;

/**
 * A pool that refuses every statement of a dead run. The statement that projects is a step. Reads of a dead run fail
 * instead of hanging, because libsignal has one queue per address for the whole process: a hanging read would block the
 * next run.
 *
 * @param isSlow statements take longer, each by another time, so that they overtake each other
 */
export function gatedPool(pool: Pool, gate: Gate, isSlow = false): Pool {
  const ask = pool.query.bind(pool) as unknown as (statement: { name?: string }) => Promise<unknown>;
  const query = async (statement: { name?: string }): Promise<unknown> => {
    const isStep = statement.name?.startsWith('store-inbound');
    if (isStep && !gate.pass('before projection')) return never();
    if (isSlow) await setTimeout(Math.random() * SLOW_MS);
    if (gate.isDead) throw new Error('This run has ended.');
    const result = await ask(statement);
    if (isSlow) await setTimeout(Math.random() * SLOW_MS);
    if (isStep && !gate.pass('after projection')) return never();
    if (gate.isDead) throw new Error('This run has ended.');
    return result;
  };
  return { query } as unknown as Pool;
}

const nameOf = (keys: readonly { kind: string }[], read: readonly { stanzaId: string }[]): string =>
  [...new Set([...keys.map(({ kind }) => kind), ...read.map(({ stanzaId }) => `journal:${stanzaId}`)])]
    .sort()
    .join(' ');

/**
 * A key writer whose commits are steps, named after the kinds of keys and the journalled stanzas in them. A withheld
 * step is one when it is settled; its statement is that of the projection.
 *
 * @param onWithheld called for each withheld step
 */
export function gatedWriter(writer: KeyWriter, gate: Gate, onWithheld: (step: WithheldStep) => void): KeyWriter {
  return {
    ...writer,
    withhold(step, whole) {
      const withheld = writer.withhold(step, whole);
      if (!withheld) return undefined;
      withheld.settled.then(
        () => gate.pass(`after commit of ${nameOf(step.upserts, [step.read])}`),
        () => undefined,
      );
      onWithheld(withheld);
      return withheld;
    },
    async write(write) {
      const what = nameOf([...write.upserts, ...write.deletes], write.journal ?? []);
      if (!gate.pass(`before commit of ${what}`)) return never();
      await writer.write(write);
      if (!gate.pass(`after commit of ${what}`)) return never();
    },
  };
}
