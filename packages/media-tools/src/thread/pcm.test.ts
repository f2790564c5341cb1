import { EncodedPacket } from 'mediabunny';
import { describe, expect, it } from 'vitest';
import { isPcm, monoSamples } from './pcm.ts';

const packet = (data: Uint8Array): EncodedPacket => new EncodedPacket(data, 'key', 0, 1);
const bytes = (hex: string): Uint8Array => Uint8Array.from(Buffer.from(hex, 'hex'));

describe('samples of PCM', () => {
  it.each([
    ['pcm-u8', '0080ff', [-1, 0, 0.992]],
    ['pcm-s16', '00800000ff7f', [-1, 0, 1]],
    ['pcm-s16be', '800000007fff', [-1, 0, 1]],
    ['pcm-s24', '000080000000ffff7f', [-1, 0, 1]],
    ['pcm-s24be', '8000000000007fffff', [-1, 0, 1]],
    ['pcm-s32', '0000008000000000ffffff7f', [-1, 0, 1]],
    ['pcm-f32', '000080bf000000000000003f', [-1, 0, 0.5]],
    ['pcm-f32be', 'bf800000000000003f000000', [-1, 0, 0.5]],
    // The values of ITU-T G.711 at the ends and around silence.
    ['ulaw', '00807fff', [-0.98, 0.98, 0, 0]],
    ['alaw', '2aaad555', [-0.984, 0.984, 0.0002, -0.0002]],
  ])('%s', (codec, hex, expected) => {
    const samples = monoSamples(packet(bytes(hex)), codec, 1);
    expect(samples).toHaveLength(expected.length);
    for (const [index, value] of expected.entries()) expect(samples[index]).toBeCloseTo(value, 2);
  });

  it('of several channels are their mean', () => {
    expect(
      [...monoSamples(packet(bytes('00800000ff7fff7f')), 'pcm-s16', 2)].map((one) => Math.round(one * 10)),
    ).toEqual([-5, 10]);
  });

  it('that are no numbers or too loud are made harmless', () => {
    expect([...monoSamples(packet(bytes('0000c07f0000807f00007a44')), 'pcm-f32', 1)]).toEqual([0, 0, 1]);
  });

  it('need no other codec', () => {
    expect([isPcm('pcm-s16'), isPcm('aac')]).toEqual([true, false]);
  });
});
