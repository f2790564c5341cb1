import { createLogger } from '@wa-gate/kit';
import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../testing/fake-clock.ts';
import { createHeartbeat } from './heartbeat.ts';
import { HeldLease } from './held-lease.ts';
import { type Heartbeat, RefusedError } from './registration.ts';

const LOAD = { cpuUsage: 40, memoryUsage: 30, eventLoopDelayMs: 1 };
const HOUR_MS = 3_600_000;

let clock: FakeClock;
let beats: { token: string; metrics: Heartbeat }[];
let rotations: string[];
let refused: HeldLease[];
/** The error with which the gateway answers; `undefined`: it accepts. */
let answer: Error | undefined;
let beat: (lease: HeldLease) => Promise<void>;
const lease = (token = 'token 1') => new HeldLease({ incarnation: 1, token }, 0, 14_000);

beforeEach(() => {
  clock = new FakeClock();
  beats = [];
  rotations = [];
  refused = [];
  answer = undefined;
  const heartbeat = createHeartbeat({
    clock,
    logger: createLogger({ service: 'test', level: 'silent' }),
    workerId: 'w1',
    counts: () => ({ sessionCount: 7, messageCount: 99 }),
    controlPlane: {
      async heartbeat(_workerId, token, metrics) {
        if (answer) throw answer;
        beats.push({ token, metrics });
      },
      async rotateToken(_workerId, token) {
        if (answer) throw answer;
        rotations.push(token);
        return `token ${rotations.length + 1}`;
      },
    },
    onTokenRefused: (held) => refused.push(held),
  });
  beat = async (held) => {
    heartbeat(held, LOAD);
    await clock.advance(0);
  };
});

describe('heartbeats (MR-018, MR-121)', () => {
  it('bring real figures, each 30 s', async () => {
    const held = lease();
    for (let seconds = 0; seconds < 61; seconds += 4) {
      await beat(held);
      await clock.advance(4_000);
    }
    expect(beats).toHaveLength(2);
    const { sessionCount, messageCount, cpuUsage, memoryUsage, uptime } = beats[0]!.metrics;
    expect({ sessionCount, messageCount, cpuUsage, memoryUsage }).toEqual({
      sessionCount: 7,
      messageCount: 99,
      cpuUsage: 40,
      memoryUsage: 30,
    });
    expect(uptime).toBe(Math.round(process.uptime()));
  });
});

describe('the token of a worker (MR-148)', () => {
  it('is rotated each 12 hours, and the new one is shown from then on', async () => {
    const held = lease();
    await beat(held);
    await clock.advance(12 * HOUR_MS);
    await beat(held);
    await clock.advance(12 * HOUR_MS);
    await beat(held);
    expect([rotations, beats.map(({ token }) => token)]).toEqual([
      ['token 1', 'token 2'],
      ['token 1', 'token 2', 'token 3'],
    ]);
  });

  it('is shown again when the answer to a rotation was lost', async () => {
    const held = lease();
    await beat(held);
    await clock.advance(12 * HOUR_MS);
    answer = new Error('connection reset');
    await beat(held);
    answer = undefined;
    await clock.advance(30_000);
    await beat(held);
    expect([rotations, held.token]).toEqual([['token 1'], 'token 2']);
  });

  it('that is refused three times in a row ends the lease, once', async () => {
    const held = lease();
    answer = new RefusedError(401, 'no');
    for (let round = 0; round < 5; round += 1) {
      await beat(held);
      expect(refused).toEqual(round < 2 ? [] : [held]);
      await clock.advance(30_000);
    }
  });

  it.each([
    ['a gateway that is busy', new RefusedError(503, 'later')],
    ['a gateway that is away', new Error('ECONNREFUSED')],
  ])('is not given up because of %s', async (_what, error) => {
    const held = lease();
    for (const next of [new RefusedError(401, 'no'), new RefusedError(401, 'no'), error, error, error, undefined]) {
      answer = next;
      await beat(held);
      await clock.advance(30_000);
    }
    answer = new RefusedError(401, 'no');
    await beat(held);
    expect(refused).toEqual([]);
  });

  it('of the next incarnation begins anew', async () => {
    answer = new RefusedError(401, 'no');
    for (let round = 0; round < 2; round += 1) {
      await beat(lease(`incarnation ${round}`));
      await clock.advance(30_000);
    }
    expect(refused).toEqual([]);
  });
});
