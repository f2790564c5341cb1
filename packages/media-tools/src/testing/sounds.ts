/** A tone with one channel or more, whose loudness grows from silence, as the samples of a microphone. */
export function toneSamples(seconds: number, sampleRate: number): Float32Array {
  const count = Math.round(seconds * sampleRate);
  return Float32Array.from(
    { length: count },
    (_, index) => 0.8 * (index / count) * Math.sin((index / sampleRate) * 2 * Math.PI * 440),
  );
}

export interface WavOptions {
  seconds: number;
  /** @default 44 100 */
  sampleRate?: number;
  /** @default 1 */
  channels?: number;
}

/** A WAV file of 16 bits. */
export function wav({ seconds, sampleRate = 44_100, channels = 1 }: WavOptions): Buffer {
  const samples = toneSamples(seconds, sampleRate);
  const data = Buffer.alloc(samples.length * channels * 2);
  for (const [index, sample] of samples.entries()) {
    for (let channel = 0; channel < channels; channel++) {
      data.writeInt16LE(Math.round(sample * 32_767), (index * channels + channel) * 2);
    }
  }
  const head = Buffer.alloc(44);
  head.write('RIFF', 0, 'latin1');
  head.writeUInt32LE(36 + data.length, 4);
  head.write('WAVEfmt ', 8, 'latin1');
  head.writeUInt32LE(16, 16);
  head.writeUInt16LE(1, 20);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(sampleRate, 24);
  head.writeUInt32LE(sampleRate * channels * 2, 28);
  head.writeUInt16LE(channels * 2, 32);
  head.writeUInt16LE(16, 34);
  head.write('data', 36, 'latin1');
  head.writeUInt32LE(data.length, 40);
  return Buffer.concat([head, data]);
}

/** A file of AMR with frames of silence (12.2 kbit/s), 50 for each second. */
export function amr(seconds: number): Buffer {
  const frame = Buffer.concat([Buffer.of(0x3c), Buffer.alloc(31)]);
  return Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: seconds * 50 }, () => frame)]);
}

/** The remainder of a polynomial division, as FLAC checks its frames. */
function crc(bytes: Buffer, polynomial: number, bits: 8 | 16): number {
  let rest = 0;
  for (const byte of bytes) {
    rest ^= byte << (bits - 8);
    for (let bit = 0; bit < 8; bit++) {
      rest = ((rest << 1) ^ (rest & (1 << (bits - 1)) ? polynomial : 0)) & ((1 << bits) - 1);
    }
  }
  return rest;
}

/** A whole FLAC file: 100 frames of 192 silent samples. */
export function silentFlac(): Buffer {
  const info = Buffer.alloc(34);
  info.writeUInt16BE(192, 0);
  info.writeUInt16BE(192, 2);
  info.writeBigUInt64BE((44_100n << 44n) | (15n << 36n) | 19_200n, 10);
  const frames = Array.from({ length: 100 }, (_, number) => {
    const head = Buffer.of(0xff, 0xf8, 0x19, 0x08, number);
    const frame = Buffer.concat([head, Buffer.of(crc(head, 0x07, 8), 0, 0, 0, 0, 0)]);
    frame.writeUInt16BE(crc(frame.subarray(0, -2), 0x8005, 16), frame.length - 2);
    return frame;
  });
  return Buffer.concat([Buffer.from('fLaC'), Buffer.of(0x80, 0, 0, 34), info, ...frames]);
}
