import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMediaTools, type MediaTools } from '@wa-gate/media-tools';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { provideFfmpeg, type TestFfmpeg } from '../harness/ffmpeg.ts';

/** Conversions with the real ffmpeg: of this machine, or Debian's package in the cache of this user. */
const LIMITS = {
  MEDIA_CONVERSIONS: 1,
  MEDIA_CONVERSION_TIMEOUT_SECONDS: 60,
  MEDIA_CONVERSION_MEMORY_MB: 2048,
};

let tool: TestFfmpeg;
let tools: MediaTools;
let sources: string;
let folder: string;

/** Makes a file once. Sounds are a tone whose loudness grows, videos a moving pattern. */
const TONE = ['-f', 'lavfi', '-i', 'aevalsrc=0.8*t/4*sin(2*PI*440*t):s=44100:d=4'];
const PATTERN = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=15:d=3'];
const made = new Map<string, Promise<string>>();
function source(name: string, ...args: string[]): Promise<string> {
  const path = join(sources, name);
  const making = made.get(name) ?? tool.ffmpeg(...args, path).then(() => path);
  made.set(name, making);
  return making;
}
const file = async (name: string, content: Buffer | string): Promise<string> => {
  const path = join(sources, name);
  await writeFile(path, content);
  return path;
};
const out = (): string => join(folder, 'out');

beforeAll(async () => {
  tool = await provideFfmpeg();
  sources = await mkdtemp(join(tmpdir(), 'wag-conversions-'));
  folder = await mkdtemp(join(tmpdir(), 'wag-converted-'));
  tools = createMediaTools({ ...LIMITS, ...(tool.folder !== undefined && { FFMPEG_DIR: tool.folder }) });
});
afterAll(async () => {
  await tools?.close();
  for (const path of [sources, folder]) if (path) await rm(path, { recursive: true, force: true });
});
afterEach(async () => {
  const rest = await readdir(folder);
  await rm(out(), { force: true });
  expect(rest.filter((name) => name !== 'out')).toEqual([]);
});

async function refusal(run: () => Promise<unknown>) {
  const error = await run().then(
    () => 'accepted',
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'MediaRefusedError', message: expect.not.stringContaining(tmpdir()) });
  expect(await readdir(folder)).toEqual([]);
  return error as { code: string; message: string };
}

/** AMR of silence: this ffmpeg may be built without an encoder for it. */
const amr = (): Buffer => {
  const frame = Buffer.concat([Buffer.of(0x3c), Buffer.alloc(31)]);
  return Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 200 }, () => frame)]);
};

describe('voice notes', () => {
  test.each([
    ['voice.mp3', [...TONE, '-b:a', '64k']],
    ['voice.m4a', [...TONE, '-c:a', 'aac']],
    ['voice.wav', TONE],
    ['voice.flac', TONE],
    ['vorbis.ogg', [...TONE, '-c:a', 'libvorbis']],
    ['stereo.ogg', [...TONE, '-c:a', 'libopus', '-ac', '2']],
    ['voice.webm', [...TONE, '-c:a', 'libopus']],
    ['voice.mp4', [...PATTERN, ...TONE, '-shortest', '-t', '4']],
  ])('of %s are Ogg/Opus with one channel at 48 kHz', async (name, args) => {
    const path = await source(name, ...args);
    const facts = await tools.voiceNote(path, out());
    const { seconds: length } = await tool.streamOf(path, 'a');
    expect(facts).toEqual({
      mimetype: 'audio/ogg; codecs=opus',
      seconds: Math.round(Number(length)),
      waveform: expect.any(Uint8Array),
      converted: true,
    });
    const { codec_name, channels, sample_rate, seconds } = await tool.streamOf(out(), 'a');
    expect({ codec_name, channels, sample_rate }).toEqual({ codec_name: 'opus', channels: 1, sample_rate: '48000' });
    expect(Math.abs(Number(seconds) - Number(length))).toBeLessThan(0.15);
    expect(facts.waveform).toHaveLength(64);
    expect(Math.max(...facts.waveform!)).toBe(100);
    // The loudness grows evenly, and so do the values.
    for (const part of [16, 32, 48]) expect(Math.abs(facts.waveform![part]! - (100 * part) / 63)).toBeLessThan(12);
  });

  test('of AMR too', async () => {
    const path = await file('voice.amr', amr());
    const facts = await tools.voiceNote(path, out());
    expect(facts).toMatchObject({ mimetype: 'audio/ogg; codecs=opus', seconds: 4, converted: true });
    expect(facts.waveform).toHaveLength(64);
  });

  test('that ffmpeg has made as phones do pass as they are', async () => {
    const path = await source('mono.ogg', ...TONE, '-c:a', 'libopus', '-ac', '1');
    const facts = await tools.voiceNote(path, out());
    expect(facts).toMatchObject({ mimetype: 'audio/ogg; codecs=opus', seconds: 4, converted: false });
    expect(Math.max(...facts.waveform!)).toBe(100);
  });

  test.each(['voice.m4a', 'voice.flac'])('of a broken %s are refused', async (name) => {
    await source('voice.m4a', ...TONE, '-c:a', 'aac');
    const whole = await readFile(await source(name, ...TONE));
    const path = await file(`cut-${name}`, whole.subarray(0, 200));
    expect((await refusal(() => tools.voiceNote(path, out()))).code).toBe('MEDIA_UNREADABLE');
  });
});

describe('sounds', () => {
  test.each([
    ['song.mp3', 'audio/mpeg', [...TONE, '-b:a', '64k']],
    ['song.m4a', 'audio/mp4', [...TONE, '-c:a', 'aac']],
    ['song.aac', 'audio/aac', [...TONE, '-c:a', 'aac']],
  ])('%s passes as %s with its seconds', async (name, mimetype, args) => {
    const path = await source(name, ...args);
    expect(await tools.audio(path, out())).toEqual({ mimetype, seconds: 4, converted: false });
  });

  test.each([
    ['voice.flac', TONE],
    ['vorbis.ogg', [...TONE, '-c:a', 'libvorbis']],
    ['voice.wav', TONE],
    ['voice.wma', [...TONE, '-c:a', 'wmav2']],
  ])('%s becomes M4A', async (name, args) => {
    const path = await source(name, ...args);
    expect(await tools.audio(path, out())).toEqual({ mimetype: 'audio/mp4', seconds: 4, converted: true });
    expect(await tool.streamOf(out(), 'a')).toMatchObject({ codec_name: 'aac' });
  });
});

describe('videos', () => {
  const H264 = ['-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'];
  const playable = (): Promise<string> => source('phone.mp4', ...PATTERN, ...TONE, ...H264, '-c:a', 'aac', '-t', '3');

  test('that phones play pass, with seconds, pixels and a thumbnail', async () => {
    const { thumbnail, ...facts } = await tools.video(await playable(), out());
    expect(facts).toEqual({ mimetype: 'video/mp4', seconds: 3, width: 320, height: 240, converted: false });
    expect(thumbnail!.subarray(0, 2).toString('hex')).toBe('ffd8');
    expect(thumbnail!.length).toBeLessThan(8192);
  });

  test('of a phone that was held upright are higher than wide, and so is the thumbnail', async () => {
    const lying = await playable();
    const path = await source('upright.mp4', '-display_rotation', '90', '-i', lying, '-c', 'copy').catch(() =>
      // Before ffmpeg 6 the rotation was a tag.
      source('tagged.mp4', '-i', lying, '-c', 'copy', '-metadata:s:v:0', 'rotate=90'),
    );
    const { thumbnail, ...facts } = await tools.video(path, out());
    expect(facts).toEqual({ mimetype: 'video/mp4', seconds: 3, width: 240, height: 320, converted: false });
    expect(thumbnail).toBeDefined();
  });

  test('of the same codecs in MOV and Matroska are copied into MP4', async () => {
    for (const name of ['phone.mov', 'phone.mkv']) {
      const path = await source(name, '-i', await playable(), '-c', 'copy');
      expect(await tools.video(path, out())).toMatchObject({
        mimetype: 'video/mp4',
        seconds: 3,
        width: 320,
        converted: true,
      });
      expect(await tool.streamOf(out(), 'v')).toMatchObject({ codec_name: 'h264' });
    }
  });

  test.each([
    [
      'clip.webm',
      [...PATTERN, ...TONE, '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8', '-c:a', 'libopus', '-t', '3'],
    ],
    ['clip.avi', [...PATTERN, ...TONE, '-c:v', 'mpeg4', '-c:a', 'mp3', '-t', '3']],
    ['ten-bits.mp4', [...PATTERN, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p10le']],
    ['odd.mkv', ['-f', 'lavfi', '-i', 'testsrc2=s=321x241:r=15:d=3', '-c:v', 'ffv1', '-pix_fmt', 'yuv444p']],
  ])('%s becomes MP4 with H.264 and AAC', async (name, args) => {
    const path = await source(name, ...args);
    const facts = await tools.video(path, out());
    expect(facts).toMatchObject({ mimetype: 'video/mp4', seconds: 3, width: 320, height: 240, converted: true });
    expect(facts.thumbnail).toBeDefined();
    expect(await tool.streamOf(out(), 'v')).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p' });
    if (name.startsWith('clip')) expect(await tool.streamOf(out(), 'a')).toMatchObject({ codec_name: 'aac' });
  });

  test('a GIF file becomes MP4 without a sound, for playback as a GIF only', async () => {
    const path = await source('moving.gif', ...PATTERN);
    expect(await tools.gif(path, out())).toMatchObject({
      mimetype: 'video/mp4',
      width: 320,
      height: 240,
      converted: true,
    });
    expect(await tool.streamOf(out(), 'v')).toMatchObject({ codec_name: 'h264', pix_fmt: 'yuv420p' });
    expect((await tool.streamOf(out(), 'a')).codec_name).toBeUndefined();
    await rm(out());
    expect((await refusal(() => tools.video(path, out()))).code).toBe('MEDIA_TYPE_MISMATCH');
  });

  test('as video notes are square', async () => {
    expect(await tools.videoNote(await playable(), out())).toMatchObject({
      width: 480,
      height: 480,
      seconds: 3,
      converted: true,
    });
    expect(await tool.streamOf(out(), 'v')).toMatchObject({ codec_name: 'h264', width: 480, height: 480 });
    expect(await tool.streamOf(out(), 'a')).toMatchObject({ codec_name: 'aac' });
  });

  test('that were cut off, or lead to other files, are refused', async () => {
    const whole = await readFile(await playable());
    const cut = await file('cut.mp4', whole.subarray(0, whole.length * 0.6));
    expect((await refusal(() => tools.video(cut, out()))).code).toBe('MEDIA_UNREADABLE');
    const secret = await file('secret.txt', 'secret');
    for (const list of [
      `#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
      `ffconcat version 1.0\nfile '${secret}'\n`,
    ]) {
      const path = await file('list.mp4', list);
      for (const method of ['video', 'voiceNote', 'gif', 'audio'] as const) {
        expect((await refusal(() => tools[method](path, out()))).code).toBe('MEDIA_TYPE_MISMATCH');
      }
    }
  });

  test('whose conversion takes too long are refused, and nothing is left', async () => {
    // A second that comes twenty times: only the conversion has to decode it.
    const second = ['-f', 'lavfi', '-i', 'testsrc2=s=1280x720:r=30:d=1', '-c:v', 'mjpeg', '-q:v', '20'];
    const short = await source('short.mkv', ...second);
    const path = await source('long.mkv', '-stream_loop', '19', '-i', short, '-c', 'copy');
    const hurried = createMediaTools({
      ...LIMITS,
      MEDIA_CONVERSION_TIMEOUT_SECONDS: 1,
      ...(tool.folder !== undefined && { FFMPEG_DIR: tool.folder }),
    });
    try {
      const { code, message } = await refusal(() => hurried.video(path, out()));
      expect([code, message]).toEqual(['MEDIA_UNREADABLE', expect.stringContaining('in the time that is allowed')]);
    } finally {
      await hurried.close();
    }
  });
});

describe('stickers', () => {
  test('of a video are animated, within their size', async () => {
    const path = await source('clip.mp4', ...PATTERN, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p');
    expect(await tools.sticker(path, out())).toEqual({
      mimetype: 'image/webp',
      width: 512,
      height: 512,
      animated: true,
      converted: true,
    });
    expect((await stat(out())).size).toBeLessThanOrEqual(500 * 1024);
    expect(await tools.inspect(out())).toMatchObject({
      mimetype: 'image/webp',
      width: 512,
      height: 512,
      animated: true,
    });
  });

  test('of a BMP are still ones', async () => {
    const path = await source('picture.bmp', ...PATTERN, '-frames:v', '1');
    expect(await tools.sticker(path, out())).toMatchObject({ mimetype: 'image/webp', converted: true });
    await rm(out());
    expect(await tools.image(path, out())).toMatchObject({
      mimetype: 'image/jpeg',
      width: 320,
      height: 240,
      converted: true,
    });
  });
});
