import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameError, FrameReader, frame, INTRO } from './frame.ts';

const bodies = fc.array(
  fc.uint8Array({ maxLength: 300 }).map((data) => Buffer.from(data)),
  { maxLength: 6 },
);

describe('framing', () => {
  test('bodies survive any way of splitting the stream', () => {
    fc.assert(
      fc.property(bodies, fc.array(fc.nat(400)), fc.option(fc.uint8Array({ maxLength: 20 })), (sent, cuts, routing) => {
        const prefix = routing ? [Buffer.from([0x45, 0x44, 0, 1, 0, 0, routing.length]), Buffer.from(routing)] : [];
        const stream = Buffer.concat([...prefix, INTRO, ...sent.map(frame)]);
        const reader = new FrameReader({ side: 'server' });
        const received: Buffer[] = [];
        let at = 0;
        for (const size of [...cuts, stream.length]) {
          received.push(...reader.push(stream.subarray(at, at + size)));
          at += size;
        }
        expect(received).toEqual(sent);
        expect(reader.routingInfo).toEqual(routing ? Buffer.from(routing) : undefined);
      }),
    );
  });

  test('the client side expects no intro', () => {
    expect(new FrameReader({ side: 'client' }).push(frame(Buffer.from('ab')))).toEqual([Buffer.from('ab')]);
  });

  test('refuses another intro, another dictionary and an endless frame', () => {
    const read = (hex: string) => new FrameReader({ side: 'server' }).push(Buffer.from(hex, 'hex'));
    expect(() => read('47455420')).toThrow(FrameError);
    expect(() => read('57410602')).toThrow(FrameError);
    expect(() => read('57410603ffffff')).toThrow(FrameError);
  });
});
