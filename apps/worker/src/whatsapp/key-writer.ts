import { type KeyWrite, type RatchetStep, StaleEpochError, writeManySessionKeys } from '@wa-gate/cluster';
import { isDatabaseUnavailable, type Pool } from '@wa-gate/db';
import { backoffDelay, type Clock } from '@wa-gate/kit';
import { acceptAtOwner } from '@wa-gate/messaging';
import { type Acceptance, NotAcceptedError } from './acceptance.ts';
import { WithheldStep } from './withheld-step.ts';

/**
 * PostgreSQL could not say whether the keys were written, or kept refusing them. What the process believes may not be
 * what is stored: the connection must end and the session start again from the database. Never retried blindly.
 */
export class KeysLostError extends Error {
  override name = 'KeysLostError';
}

/** What one step wants written. */
export interface WriteRequest extends KeyWrite {
  /** The message that the step encrypts: it is accepted in the same commit, or the upserts are not written. */
  acceptance?: Acceptance | undefined;
}

export interface KeyWriter {
  /**
   * Resolves when the write is durable.
   *
   * @throws {StaleEpochError} the owner is not the owner any more; nothing was written
   * @throws {NotAcceptedError} the message was not accepted; no key of it was written
   * @throws {KeysLostError}
   */
  write(write: WriteRequest): Promise<void>;
  /**
   * Leaves a step to the statement that stores the message it has read. Later writes of its keys wait until it is
   * settled. `undefined`: a write of its keys is under way, or many steps wait, so it has to be written here.
   *
   * @param whole the step with what was read, asked for when it is written apart after all
   */
  withhold(step: RatchetStep, whole: () => KeyWrite): WithheldStep | undefined;
  /** Resolves when everything asked for so far is settled, withheld steps too; with `sessionId`, of that session. */
  idle(sessionId?: string): Promise<void>;
}

interface Waiting {
  write: WriteRequest;
  keys: string[];
  /** Its place among all writes and withheld steps. */
  place: number;
  resolve: () => void;
  reject: (error: Error) => void;
}

/**
 * Single-flight halves the rate of one session, and no limit merges nothing under load; 2-4 were measured as good
 * (docs/decisions/0013-key-store-concurrency.md).
 */
const STATEMENTS_IN_FLIGHT = 4;
const MAX_WRITES_PER_STATEMENT = 64;
/** Of all sessions. While so many wait for a slow database, what comes waits for its own step, and WhatsApp for us. */
export const MAX_WITHHELD = 1_000;
/** Tries of a statement that certainly wrote nothing. Together well under the time in which a peer gives up on us. */
const MAX_ATTEMPTS = 5;
const RETRY = { initialMs: 50, maxMs: 1_000 };

export interface KeyWriterDependencies {
  pool: Pool;
  clock: Clock;
  /** Milliseconds that a statement took, with its repeats. */
  onWritten?: (milliseconds: number) => void;
}

/**
 * Writes the keys of all sessions of this worker: whatever queues up behind the statements in flight goes into the
 * next one. Two writes of the same key keep their order, and one statement carries one epoch of a session.
 */
export function createKeyWriter({ pool, clock, onWritten }: KeyWriterDependencies): KeyWriter {
  const queue: Waiting[] = [];
  const busyKeys = new Set<string>();
  const statements = new Set<Promise<void>>();
  let withheldCount = 0;
  /** The withheld steps of each key, in their order. */
  const withheld = new Map<string, { step: WithheldStep; place: number }[]>();
  let isScheduled = false;
  let places = 0;

  /** Whether a step of one of the keys is withheld that came before. */
  const isBehindStep = ({ keys, place }: Waiting): boolean =>
    withheld.size > 0 && keys.some((key) => (withheld.get(key)?.[0]?.place ?? place) < place);

  function enqueue(waiting: Waiting): void {
    // A step that was withheld and is written apart is older than others.
    const after = queue.findLastIndex(({ place }) => place < waiting.place);
    queue.splice(after + 1, 0, waiting);
    scheduleDrain();
  }

  function takeBatch(): Waiting[] {
    const batch: Waiting[] = [];
    const blocked = new Set(busyKeys);
    const epochs = new Map<string, number>();
    /** The one message of each session that the statement accepts. */
    const accepting = new Map<string, Acceptance>();
    for (let i = 0; i < queue.length && batch.length < MAX_WRITES_PER_STATEMENT; ) {
      const waiting = queue[i]!;
      const { owner, acceptance } = waiting.write;
      const { sessionId, epoch } = owner;
      if (acceptance?.isRefused) {
        queue.splice(i, 1);
        waiting.reject(notAccepted());
        continue;
      }
      const isOpen = acceptance?.state === 'open';
      const fits =
        (epochs.get(sessionId) ?? epoch) === epoch &&
        !waiting.keys.some((key) => blocked.has(key)) &&
        !isBehindStep(waiting) &&
        // The answer to another step of the message is on its way.
        acceptance?.state !== 'asked' &&
        !(isOpen && (accepting.get(sessionId) ?? acceptance) !== acceptance);
      // Whether taken or left, later writes of these keys must come after this one.
      for (const key of waiting.keys) blocked.add(key);
      if (fits) {
        epochs.set(sessionId, epoch);
        if (isOpen) accepting.set(sessionId, acceptance);
        batch.push(waiting);
        queue.splice(i, 1);
      } else {
        i += 1;
      }
    }
    return batch;
  }

  /**
   * After all promises that are ready now. The steps of one message, to each device of both sides, run side by side
   * and wait for nothing else, so they arrive in one burst and become one statement. (A microtask would come too
   * early: each step is many of them.)
   */
  function scheduleDrain(): void {
    if (isScheduled) return;
    isScheduled = true;
    process.nextTick(drain);
  }

  function drain(): void {
    isScheduled = false;
    while (statements.size < STATEMENTS_IN_FLIGHT && queue.length > 0) {
      const batch = takeBatch();
      if (batch.length === 0) return;
      const statement = run(batch).finally(() => {
        statements.delete(statement);
        drain();
      });
      statements.add(statement);
    }
  }

  async function run(batch: Waiting[]): Promise<void> {
    for (const { keys } of batch) for (const key of keys) busyKeys.add(key);
    const open = batch.flatMap(({ write: { acceptance } }) => (acceptance?.state === 'open' ? [acceptance] : []));
    const acceptances = new Set(open);
    for (const acceptance of acceptances) acceptance.state = 'asked';
    const begun = clock.monotonic();
    try {
      const write = () => writeBatch(batch, acceptances);
      const span = open[0]?.span;
      const stale = new Set(await (span ? span.run(write) : write()));
      onWritten?.(clock.monotonic() - begun);
      for (const { write, resolve, reject } of batch) {
        if (stale.has(write.owner.sessionId)) reject(new StaleEpochError([write.owner.sessionId]));
        else if (write.acceptance?.isRefused) reject(notAccepted());
        else resolve();
      }
    } catch (cause) {
      for (const acceptance of acceptances) if (acceptance.state === 'asked') acceptance.state = 'unknown';
      const error = new KeysLostError('The keys could not be written.', { cause });
      for (const { keys, reject } of batch) {
        reject(error);
        rejectThoseBehind(keys, error);
      }
    } finally {
      for (const { keys } of batch) for (const key of keys) busyKeys.delete(key);
    }
  }

  /** What waits with these keys was made from a step that is not stored. */
  function rejectThoseBehind(keys: readonly string[], error: Error): void {
    for (let i = 0; i < queue.length; ) {
      if (queue[i]!.keys.some((key) => keys.includes(key))) queue.splice(i, 1)[0]!.reject(error);
      else i += 1;
    }
  }

  function withhold(step: RatchetStep, whole: () => KeyWrite): WithheldStep | undefined {
    const keys = keysOf({ ...step, deletes: [] });
    const isTaken = (key: string) => busyKeys.has(key) || queue.some((waiting) => waiting.keys.includes(key));
    if (withheldCount >= MAX_WITHHELD || keys.some(isTaken)) return undefined;
    withheldCount += 1;
    places += 1;
    const place = places;
    const release = (released: WithheldStep) => {
      withheldCount -= 1;
      for (const key of keys) {
        const left = withheld.get(key)!.filter((entry) => entry.step !== released);
        if (left.length > 0) withheld.set(key, left);
        else withheld.delete(key);
      }
    };
    const made = new WithheldStep(
      step,
      (released) => {
        release(released);
        return new Promise((resolve, reject) => enqueue({ write: whole(), keys, place, resolve, reject }));
      },
      (released, error) => {
        release(released);
        if (error) rejectThoseBehind(keys, error);
        scheduleDrain();
      },
    );
    for (const key of keys) {
      const entry = { step: made, place };
      const others = withheld.get(key);
      if (others) others.push(entry);
      else withheld.set(key, [entry]);
    }
    return made;
  }

  /** @returns the sessions that have another owner by now */
  async function writeBatch(batch: readonly Waiting[], acceptances: ReadonlySet<Acceptance>): Promise<string[]> {
    const writes = batch.map(({ write }) => write);
    if (acceptances.size === 0) return await patiently(() => writeManySessionKeys(pool, writes));
    try {
      const requests = [...acceptances].map(({ request }) => request);
      const conditional = writes.map(({ acceptance, ...write }) =>
        acceptance && acceptances.has(acceptance)
          ? { ...write, messageId: acceptance.request.message.messageId }
          : write,
      );
      const { accepted, stale } = await patiently(() => acceptAtOwner(pool, requests, conditional));
      for (const acceptance of acceptances) {
        const result = accepted.get(acceptance.request.message.messageId);
        acceptance.failIfUncertain = result?.failIfUncertain ?? false;
        acceptance.state = result ? 'accepted' : 'refused';
      }
      return stale;
    } catch (error) {
      if (isDatabaseUnavailable(error)) throw error;
      // One message spoils the statement for the keys of all: the gateway learns which one, from its own statement.
      for (const acceptance of acceptances) acceptance.state = 'refused';
      const rest = writes.filter(({ acceptance }) => !acceptance?.isRefused);
      return rest.length > 0 ? await patiently(() => writeManySessionKeys(pool, rest)) : [];
    }
  }

  async function patiently<T>(run: () => Promise<T>): Promise<T> {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await run();
      } catch (error) {
        if (attempt + 1 >= MAX_ATTEMPTS || !certainlyNotWritten(error)) throw error;
        await clock.sleep(backoffDelay(attempt, RETRY));
      }
    }
  }

  return {
    write: (keyWrite) =>
      new Promise<void>((resolve, reject) => {
        places += 1;
        enqueue({ write: keyWrite, keys: keysOf(keyWrite), place: places, resolve, reject });
      }),
    withhold,
    async idle(sessionId) {
      const isOf = (owner: string) => sessionId === undefined || owner === sessionId;
      for (;;) {
        drain();
        const steps = [...withheld.values()].flat().filter(({ step }) => isOf(step.step.owner.sessionId));
        const isWriting = [...busyKeys].some((key) => key.startsWith(`${sessionId}|`));
        const isBusy = sessionId === undefined ? statements.size > 0 : isWriting;
        if (steps.length === 0 && !isBusy && !queue.some(({ write }) => isOf(write.owner.sessionId))) return;
        await Promise.allSettled([...statements, ...steps.map(({ step }) => step.settled)]);
      }
    },
  };
}

const notAccepted = () => new NotAcceptedError('The message was not accepted.');

function keysOf({ owner, upserts, deletes }: Pick<KeyWrite, 'owner' | 'upserts' | 'deletes'>): string[] {
  return [...upserts, ...deletes].map(({ kind, keyId }) => `${owner.sessionId}|${kind}|${keyId}`);
}

/** A refused connection, or an error that the server reported for a statement and from which it may recover. */
function certainlyNotWritten(error: unknown): boolean {
  const code = (error as { code?: string }).code ?? '';
  const message = error instanceof Error ? error.message : '';
  if (code === 'ECONNREFUSED' || message.includes('timeout exceeded when trying to connect')) return true;
  // 08…: connection trouble, 57P0…: the server went down under the statement; both leave the outcome open.
  return isDatabaseUnavailable(error) && /^(40001|40P01|53|55P03)/.test(code);
}
