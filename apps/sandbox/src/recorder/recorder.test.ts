import { describe, expect, test } from 'vitest';
import { CpuLedger } from './cpu-ledger.ts';
import { Recorder } from './recorder.ts';
import { Ring } from './ring.ts';
import { Streams } from './streams.ts';

describe('streams', () => {
  test('two streams of a device overlap while both are open, and it is counted who sent meanwhile', () => {
    const streams = new Streams(10);
    const older = streams.start('login', '1:1');
    streams.message(older); // before the other one came: not part of the overlap
    const newer = streams.start('login', '1:1');
    streams.message(older);
    streams.message(newer);
    streams.end(older);
    streams.message(newer);
    expect(streams.overlaps()).toMatchObject([
      { older: older.id, newer: newer.id, messagesByOlder: 1, messagesByNewer: 1 },
    ]);
    expect(streams.overlaps()[0]!.endedAt).not.toBeNull();
    expect(streams.live).toBe(1);
  });

  test('streams of different devices, or one after the other, do not overlap', () => {
    const streams = new Streams(10);
    const first = streams.start('login', '1:1');
    streams.start('login', '1:2');
    streams.end(first);
    streams.start('login', '1:1');
    expect(streams.overlaps()).toEqual([]);
  });

  test('three at once are three pairs', () => {
    const streams = new Streams(10);
    for (let i = 0; i < 3; i++) streams.start('login', '1:1');
    expect(streams.overlaps()).toHaveLength(3);
  });

  test('a connection that is turned away is no stream of the device', () => {
    const streams = new Streams(10);
    streams.start('login', '1:1');
    streams.end(streams.start('refused', '1:1'));
    expect(streams.overlaps()).toEqual([]);
    expect(streams.live).toBe(1);
  });
});

describe('the recorder', () => {
  test('counts how often a message id came, per direction and device', () => {
    const recorder = new Recorder();
    const stream = recorder.streams.start('login', '1:1');
    recorder.messageUp(stream, '1:1', 'A', 'peer');
    recorder.messageUp(stream, '1:1', 'A', 'peer');
    recorder.messageDown('1:1', 'A', 'peer');
    expect([...recorder.messages.values()].map(({ direction, wireCount }) => [direction, wireCount])).toEqual([
      ['up', 2],
      ['down', 1],
    ]);
    expect(recorder.summary().messages).toMatchObject({ up: 2, down: 1, idsSeenTwice: { up: 1, down: 0 } });
  });

  test('knows what was delivered, until it had to forget', () => {
    const recorder = new Recorder({ messages: 2, events: 10, ratchets: 10 });
    recorder.messageDown('1:1', 'A', 'x');
    expect([recorder.wasDelivered('1:1', 'A'), recorder.wasDelivered('1:1', 'B')]).toEqual([true, false]);
    for (const id of ['B', 'C']) recorder.messageDown('1:1', id, 'x');
    expect(recorder.wasDelivered('1:1', 'A')).toBeNull();
    expect(recorder.summary().forgotten.messages).toBe(1);
  });

  test('an unreadable message counts as recovered once the phone has read it', () => {
    const recorder = new Recorder();
    for (let i = 0; i < 2; i++) {
      recorder.unreadable({ phone: '2', from: '1:1', id: 'A', encryption: 'msg', error: 'BadMac' });
    }
    recorder.unreadable({ phone: '2', from: '1:1', id: 'B', encryption: 'msg', error: 'BadMac' });
    recorder.readable('2', '1:1', 'A');
    expect(recorder.summary().undecryptable).toEqual({ total: 3, unrecovered: 1 });
  });

  test('the first ack of a delivered message is the one that counts', () => {
    const recorder = new Recorder();
    recorder.messageDown('1:1', 'A', 'x');
    const ack = { device: '1:1', class: 'message', id: 'A', error: null, chat: null };
    recorder.ack({ ...ack, type: 'delivered' });
    recorder.ack({ ...ack, type: 'read' });
    expect([...recorder.messages.values()][0]).toMatchObject({ ack: 'delivered' });
    expect([...recorder.acks]).toHaveLength(2);
  });

  test('begins anew when it is cleared, but keeps the streams that are open', () => {
    const recorder = new Recorder();
    const open = recorder.streams.start('login', '1:1');
    recorder.messageUp(open, '1:1', 'A', 'x');
    recorder.violation('1:1', 'rule', 'detail');
    recorder.clear();
    expect(recorder.summary()).toMatchObject({
      messages: { up: 0 },
      violations: { total: 0 },
      streams: { live: 1, logins: 1 },
    });
  });
});

test('a ring keeps the newest, in order, and counts the rest', () => {
  const ring = new Ring<number>(3);
  for (let i = 1; i <= 5; i++) ring.push(i);
  expect([...ring]).toEqual([3, 4, 5]);
  expect(ring.dropped).toBe(2);
});

test('time in an inner span is not counted in the outer one', () => {
  let time = 0;
  const ledger = new CpuLedger(() => time);
  const work = (ms: number) => {
    time += ms;
  };
  ledger.span('server', () => {
    work(5);
    ledger.span('phone', () => work(20));
    work(6);
  });
  expect(() =>
    ledger.span('phone', () => {
      work(1);
      throw new Error('counted all the same');
    }),
  ).toThrow();
  expect([ledger.serverMs, ledger.phoneMs]).toEqual([11, 21]);
});
