import { WaveformMeter } from '../audio/waveform.ts';
import { decodeOpus } from './decode-opus.ts';
import { loadLibav } from './libav.ts';
import type { Sound } from './tasks.ts';
import { UnreadableError } from './unreadable-error.ts';

/** Hears a file of Opus to its end. */
export async function measureOpus(path: string): Promise<Sound> {
  const meter = new WaveformMeter();
  let seconds = 0;
  for await (const { samples, sampleRate } of decodeOpus(await loadLibav(), path)) {
    meter.add(samples);
    seconds += samples.length / sampleRate;
  }
  if (meter.samples === 0) throw new UnreadableError('it has no sound');
  return { seconds, waveform: meter.finish() };
}
