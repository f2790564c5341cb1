import type { EncodedPacket } from 'mediabunny';

/** Reads one sample of an interleaved sound as a number between -1 and 1. */
type ReadSample = (view: DataView, offset: number) => number;

interface PcmFormat {
  bytes: number;
  read: ReadSample;
}

const INT16 = 32_768;
const INT24 = 8_388_608;
const INT32 = 2_147_483_648;

/** The codecs of WAV and AIFF, by their names in mediabunny. */
const FORMATS: Readonly<Record<string, PcmFormat>> = {
  'pcm-u8': { bytes: 1, read: (view, offset) => (view.getUint8(offset) - 128) / 128 },
  'pcm-s8': { bytes: 1, read: (view, offset) => view.getInt8(offset) / 128 },
  'pcm-s16': { bytes: 2, read: (view, offset) => view.getInt16(offset, true) / INT16 },
  'pcm-s16be': { bytes: 2, read: (view, offset) => view.getInt16(offset) / INT16 },
  'pcm-s24': { bytes: 3, read: (view, offset) => int24(view, offset, 2, 1, 0) / INT24 },
  'pcm-s24be': { bytes: 3, read: (view, offset) => int24(view, offset, 0, 1, 2) / INT24 },
  'pcm-s32': { bytes: 4, read: (view, offset) => view.getInt32(offset, true) / INT32 },
  'pcm-s32be': { bytes: 4, read: (view, offset) => view.getInt32(offset) / INT32 },
  'pcm-f32': { bytes: 4, read: (view, offset) => view.getFloat32(offset, true) },
  'pcm-f32be': { bytes: 4, read: (view, offset) => view.getFloat32(offset) },
  'pcm-f64': { bytes: 8, read: (view, offset) => view.getFloat64(offset, true) },
  'pcm-f64be': { bytes: 8, read: (view, offset) => view.getFloat64(offset) },
  ulaw: { bytes: 1, read: (view, offset) => ulaw(view.getUint8(offset)) / INT16 },
  alaw: { bytes: 1, read: (view, offset) => alaw(view.getUint8(offset)) / INT16 },
};

/** Whether a codec is PCM that needs no decoder. */
export const isPcm = (codec: string): boolean => codec in FORMATS;

/** The samples of a packet as one channel: the mean of all channels. */
export function monoSamples({ data }: EncodedPacket, codec: string, channels: number): Float32Array {
  const format = FORMATS[codec];
  if (!format) throw new Error(`${codec} is not PCM.`);
  const { bytes, read } = format;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const samples = new Float32Array(Math.floor(data.byteLength / (bytes * channels)));
  for (let index = 0, offset = 0; index < samples.length; index++) {
    let sum = 0;
    for (let channel = 0; channel < channels; channel++, offset += bytes) sum += read(view, offset);
    const mean = sum / channels;
    samples[index] = Number.isFinite(mean) ? Math.min(1, Math.max(-1, mean)) : 0;
  }
  return samples;
}

/** @param high where the byte with the sign is, relative to the offset */
const int24 = (view: DataView, offset: number, high: number, middle: number, low: number): number =>
  (view.getInt8(offset + high) << 16) | (view.getUint8(offset + middle) << 8) | view.getUint8(offset + low);

/** ITU-T G.711, µ-law. */
function ulaw(byte: number): number {
  const value = ~byte & 0xff;
  const magnitude = (((value & 0x0f) << 3) + 0x84) << ((value & 0x70) >> 4);
  return value & 0x80 ? 0x84 - magnitude : magnitude - 0x84;
}

/** ITU-T G.711, A-law. */
function alaw(byte: number): number {
  const value = byte ^ 0x55;
  const exponent = (value & 0x70) >> 4;
  const mantissa = ((value & 0x0f) << 4) + 8;
  const magnitude = exponent === 0 ? mantissa : (mantissa + 0x100) << (exponent - 1);
  return value & 0x80 ? magnitude : -magnitude;
}
