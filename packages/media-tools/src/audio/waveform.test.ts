import { describe, expect, it } from 'vitest';
import { WAVEFORM_LENGTH, WaveformMeter, wholeSeconds } from './waveform.ts';

const RATE = 16_000;

/** A tone whose loudness follows a function of its progress from 0 to 1. */
function tone(seconds: number, loudness: (progress: number) => number): Int16Array {
  const count = Math.round(seconds * RATE);
  return Int16Array.from({ length: count }, (_, index) =>
    Math.round(30_000 * loudness(index / count) * Math.sin((index / RATE) * 2 * Math.PI * 4000)),
  );
}

function waveformOf(samples: Int16Array | Float32Array, chunk = samples.length): Uint8Array {
  const meter = new WaveformMeter();
  for (let at = 0; at < samples.length; at += chunk) meter.add(samples.subarray(at, at + chunk));
  expect(meter.samples).toBe(samples.length);
  return meter.finish();
}

describe('the waveform of a voice note', () => {
  it.each([0.05, 0.8, 3, 100])('of %s s follows the loudness, in 64 values from 0 to 100', (seconds) => {
    const waveform = waveformOf(tone(seconds, (progress) => progress));
    expect(waveform).toHaveLength(WAVEFORM_LENGTH);
    expect(Math.max(...waveform)).toBe(100);
    for (const part of [8, 16, 32, 48, 63]) expect(Math.abs(waveform[part]! - (100 * part) / 63)).toBeLessThan(6);
  });

  it('is 100 at the loudest part, however quiet the whole is', () => {
    const quiet = waveformOf(tone(2, (progress) => (progress > 0.5 ? 0.02 : 0.01)));
    expect([...new Set(quiet)].sort((a, b) => a - b).at(-1)).toBe(100);
    expect(quiet[10]! / 100).toBeCloseTo(0.5, 1);
  });

  it('does not depend on how the sound comes in', () => {
    const sound = tone(9, (progress) => Math.abs(Math.sin(progress * 20)));
    expect(waveformOf(sound, 777)).toEqual(waveformOf(sound));
  });

  it.each([
    ['silence', new Int16Array(RATE)],
    ['nothing', new Int16Array(0)],
    ['what is no number', new Float32Array(RATE).fill(Number.NaN)],
  ])('of %s is 0', (_, samples) => {
    expect(waveformOf(samples, 1000)).toEqual(new Uint8Array(WAVEFORM_LENGTH));
  });

  it('of a few samples has all of its values', () => {
    expect(waveformOf(Int16Array.of(100, -100, 100))).toHaveLength(WAVEFORM_LENGTH);
  });
});

it.each([
  [0, 1],
  [0.049, 1],
  [0.8, 1],
  [1.4, 1],
  [2.9, 3],
  [60.02, 60],
])('%s s of a sound are told as %s: rounded, and never 0', (seconds, whole) => {
  expect(wholeSeconds(seconds)).toBe(whole);
});
