import { inflateSync } from 'node:zlib';

/** A picture of one pixel. */
export const SMALL_PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);

/** An MP4 of one second with 64 x 64 pixels. It has the header of an H.264 track, and one frame that shows nothing. */
export const SMALL_MP4 = inflateSync(
  Buffer.from(
    [
      'eNqNUbtKA0EUPbMRRBASgkjAFCkCGsTgimi7oEWaoI1WIkx2NmTJzG7YmQzEyspf8BNEC2tLCwu/wUJI5SfYCJGZJOwmUfEyh7l35pz74AIot9Wg',
      'F8pYAA7MTbXvit6+Czg3Io41AC50hwHAx95b1QAYwoLYk9pMsBh7+NMcwCmqhHYBXKiurZlLa06zDReV/6nrTR3yKFhIAVQEm5/LKsnZi5UddhhP',
      'jCM6PNEhC7I5mwELaasfRYPzkAVxg0aMB4ZNTkQYtQGsaWHTZ5upsvFfmSVBO9Psaj/hlbFP8lK1OIA7qSTLcG7Nan4Z2IzmoQFYWEYx7bCi3fqB',
      'W9+dVZRGIwA7VPtHpOnVRkOsbza92n0pj+Ovp9xpobDBty8/nz2Cpa33lVczUkslaiK/nqAklZKZtqYoSyX9H97JWCOv5vZVMPml8uP0zXkwXMGo',
      'Wp6zb6guZgM=',
    ].join(''),
    'base64',
  ),
);

/** A WAV of 16 bits with one channel: a tone at 16 kHz. */
export function smallWav(seconds: number): Buffer {
  const rate = 16_000;
  const count = seconds * rate;
  const wav = Buffer.alloc(44 + count * 2);
  wav.write('RIFF', 0, 'latin1');
  wav.writeUInt32LE(36 + count * 2, 4);
  wav.write('WAVEfmt ', 8, 'latin1');
  wav.writeUInt32LE(16, 16);
  wav.writeUInt16LE(1, 20);
  wav.writeUInt16LE(1, 22);
  wav.writeUInt32LE(rate, 24);
  wav.writeUInt32LE(rate * 2, 28);
  wav.writeUInt16LE(2, 32);
  wav.writeUInt16LE(16, 34);
  wav.write('data', 36, 'latin1');
  wav.writeUInt32LE(count * 2, 40);
  for (let n = 0; n < count; n += 1) {
    wav.writeInt16LE(Math.round(16_000 * Math.sin((n / rate) * 2 * Math.PI * 440)), 44 + n * 2);
  }
  return wav;
}
