import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SessionActor } from '../session/session-actor.ts';
import type { ActorState } from '../session/transition.ts';
import { pairingEvents } from './pairing-events.ts';

const scanning = (qr: string, attempt: number): ActorState => ({ name: 'scanning', qr, attempt, expiresAt: 0 });

/** The part of an actor that a stream uses. */
function standIn() {
  const watchers = new Set<() => void>();
  const actor = {
    state: { name: 'new' } as ActorState,
    watch(listener: () => void) {
      watchers.add(listener);
      return () => watchers.delete(listener);
    },
  };
  return {
    actor: actor as unknown as SessionActor,
    watchers,
    move(state: ActorState) {
      actor.state = state;
      for (const listener of watchers) listener();
    },
  };
}

let session: ReturnType<typeof standIn>;
let text: string;
let stream: ReturnType<typeof pairingEvents>;

beforeEach(() => {
  vi.useFakeTimers();
  session = standIn();
  text = '';
  stream = pairingEvents(session.actor);
  stream.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
});
afterEach(() => {
  stream.destroy();
  vi.useRealTimers();
});

/** The text written since the last call. */
async function said(): Promise<string[]> {
  await vi.advanceTimersByTimeAsync(0);
  const events = text.split('\n\n').filter(Boolean);
  text = '';
  return events;
}

const names = (events: string[]) => events.map((event) => event.split('\n', 1)[0]);

describe('the events of a session that is being linked', () => {
  it('are `qr` for each code and `state` for the rest, and nothing twice', async () => {
    expect(await said()).toEqual([]);
    session.move(scanning('2@a', 1));
    session.move(scanning('2@a', 1));
    session.move(scanning('2@b', 2));
    session.move({ name: 'pairing' });
    const events = await said();
    expect(names(events)).toEqual(['event: qr', 'event: qr', 'event: state']);
    expect(JSON.parse(events[1]!.split('data: ')[1]!)).toEqual({
      status: 'qr_required',
      state: 'qr_required',
      qr: '2@b',
      attempt: 2,
      expiresAt: '1970-01-01T00:00:00.000Z',
    });
  });

  it('are kept alive by a comment each 15 s', async () => {
    await vi.advanceTimersByTimeAsync(15_000);
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await said()).toEqual([': still here', ': still here']);
  });

  it('end when the session moves to another worker, without a last word', async () => {
    session.move(scanning('2@a', 1));
    session.move({ name: 'fenced' });
    session.move(scanning('2@b', 2));
    expect(names(await said())).toEqual(['event: qr']);
    expect([stream.readableEnded, session.watchers.size]).toEqual([true, 0]);
  });

  it('leave nothing behind when the reader goes', async () => {
    stream.destroy();
    await said();
    expect([session.watchers.size, vi.getTimerCount()]).toEqual([0, 0]);
  });
});
