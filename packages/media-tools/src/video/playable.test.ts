import { describe, expect, it } from 'vitest';
import type { Probe } from '../probe.ts';
import { describeVideo, planVideo } from './playable.ts';

function probe(codec: string, codecString: string | undefined, audio: string | undefined): Probe {
  return {
    seconds: 3,
    isWhole: true,
    video: { codec, width: 640, height: 480, ...(codecString && { codecString }) },
    ...(audio && { audio: { codec: audio, channels: 2, sampleRate: 48_000 } }),
  };
}

describe('a video for phones', () => {
  it.each([
    ['video/mp4', 'avc', 'avc1.64001f', 'aac', 'nothing'],
    ['video/mp4', 'avc', 'avc1.42e01e', undefined, 'nothing'],
    ['video/3gpp', 'avc', 'avc3.4d401f', 'aac', 'nothing'],
    ['video/quicktime', 'avc', 'avc1.64001f', 'aac', 'remux'],
    ['video/matroska', 'avc', 'avc1.64001f', 'aac', 'remux'],
    ['video/mp4', 'avc', 'avc1.64001f', 'opus', 'transcode'],
    ['video/mp4', 'avc', 'avc1.6e0032', 'aac', 'transcode'], // 10 bits
    ['video/mp4', 'avc', undefined, 'aac', 'transcode'],
    ['video/mp4', 'hevc', 'hvc1.1.6.L93', 'aac', 'transcode'],
    ['video/webm', 'vp9', 'vp09.00.10.08', 'opus', 'transcode'],
  ])('%s with %s (%s) and %s: %s', (mimetype, codec, codecString, audio, plan) => {
    expect(planVideo(mimetype, probe(codec, codecString, audio))).toBe(plan);
  });

  it('is described by its codecs', () => {
    expect(describeVideo('video/webm', probe('vp9', undefined, 'opus'))).toBe('vp9 and opus in video/webm');
    expect(describeVideo('video/quicktime', probe('avc', undefined, undefined))).toBe('H.264 in video/quicktime');
  });
});
