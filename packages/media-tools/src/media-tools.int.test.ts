import { readFile, rm, stat } from 'node:fs/promises';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { MediaRefusal } from './media-refused-error.ts';
import type { MediaPurpose, MediaTools } from './media-tools.ts';
import { animation, noise, picture, transparentPicture } from './testing/pictures.ts';
import { amr, silentFlac, wav } from './testing/sounds.ts';
import { useMediaTools } from './testing/use-media-tools.ts';
import { video } from './testing/videos.ts';

/** Everything that works without ffmpeg. `apps/e2e/media` has the rest. */
const media = useMediaTools();

type Method = 'image' | 'video' | 'gif' | 'audio' | 'voiceNote' | 'sticker';
const METHODS: readonly Method[] = ['image', 'video', 'gif', 'audio', 'voiceNote', 'sticker'];

async function refusal(run: (tools: MediaTools) => Promise<unknown>) {
  const error = await run(media.tools).then(
    () => 'accepted',
    (reason: unknown) => reason,
  );
  expect(error).toMatchObject({ name: 'MediaRefusedError' });
  expect(await media.leftovers()).toEqual([]);
  const { code, message, details } = error as { code: MediaRefusal; message: string; details: object };
  expect(message).toMatch(/^[A-Z`].*\.$/s);
  expect(message).not.toMatch(/\/tmp|\.ts\b|undefined/);
  return { code, message, details };
}

/** Colours of the left and the right, or of the top and the bottom, of a picture. */
async function colours(path: string | Buffer): Promise<{ left: string; right: string; top: string; bottom: string }> {
  const { data, info } = await sharp(path).flatten({ background: '#fff' }).raw().toBuffer({ resolveWithObject: true });
  const at = (x: number, y: number): string => {
    const index = (Math.floor(y * (info.height - 1)) * info.width + Math.floor(x * (info.width - 1))) * info.channels;
    const [red = 0, green = 0, blue = 0] = data.subarray(index, index + 3);
    return red > 200 && green > 200 ? 'white' : red > blue ? 'red' : 'blue';
  };
  return { left: at(0.02, 0.5), right: at(0.98, 0.5), top: at(0.5, 0.02), bottom: at(0.5, 0.98) };
}

describe('a picture', () => {
  it('that is upright is left alone, with its size and a thumbnail', async () => {
    const path = await media.file('photo', await picture({ width: 1200, height: 900 }).jpeg().toBuffer());
    const { thumbnail, ...facts } = await media.tools.image(path, media.out);
    expect(facts).toEqual({ mimetype: 'image/jpeg', width: 1200, height: 900, converted: false });
    expect(await media.leftovers()).toEqual([]);
    expect(await sharp(thumbnail).metadata()).toMatchObject({ format: 'jpeg', width: 100, height: 75 });
    expect(thumbnail!.length).toBeLessThan(4096);
  });

  it('of a phone that was held upright is turned, and so is its thumbnail (MR-157)', async () => {
    const path = await media.file('photo', await picture({ orientation: 6 }).jpeg().toBuffer());
    expect(await media.tools.inspect(path)).toMatchObject({ mimetype: 'image/jpeg', width: 200, height: 300 });
    const { thumbnail, ...facts } = await media.tools.image(path, media.out);
    expect(facts).toEqual({ mimetype: 'image/jpeg', width: 200, height: 300, converted: true });
    expect(await sharp(media.out).metadata()).toMatchObject({ width: 200, height: 300 });
    expect((await sharp(media.out).metadata()).orientation ?? 1).toBe(1);
    for (const made of [media.out, thumbnail!]) {
      expect(await colours(made)).toMatchObject({ top: 'red', bottom: 'blue' });
    }
  });

  it.each([
    ['webp', 'image/jpeg', () => picture().webp()],
    ['avif', 'image/jpeg', () => picture().avif({ effort: 0 })],
    ['tiff', 'image/jpeg', () => picture().tiff()],
    ['gif', 'image/png', () => transparentPicture().gif()],
    ['transparent webp', 'image/png', () => transparentPicture().webp()],
    ['CMYK', 'image/jpeg', () => picture().toColourspace('cmyk').jpeg()],
  ])('as %s becomes %s', async (_, mimetype, make) => {
    const path = await media.file('picture', await make().toBuffer());
    expect(await media.tools.image(path, media.out)).toMatchObject({ mimetype, converted: true });
    const { format, space } = await sharp(media.out).metadata();
    expect([`image/${format}`, space]).toEqual([mimetype, 'srgb']);
  });

  it('that moves is shown by its first frame', async () => {
    const { image, delay } = animation({ frames: 4, side: 64 });
    const path = await media.file('moving', await image.webp({ delay }).toBuffer());
    expect(await media.tools.inspect(path)).toMatchObject({ width: 64, height: 64, animated: true });
    expect(await media.tools.image(path, media.out)).toMatchObject({ width: 64, height: 64, converted: true });
  });

  it('with more than 10 000 pixels on a side is refused with the limit', async () => {
    const wide = await sharp({ create: { width: 10_001, height: 4, channels: 3, background: 'red' } })
      .png()
      .toBuffer();
    const path = await media.file('wide', wide);
    for (const method of ['image', 'sticker'] as const) {
      expect(await refusal((tools) => tools[method](path, media.out))).toMatchObject({
        code: 'MEDIA_TOO_LARGE',
        details: { maxPixelsPerSide: 10_000, width: 10_001, height: 4 },
      });
    }
  });

  it('that says it has billions of pixels is refused before a byte of them is decoded', async () => {
    const bomb = await picture().png().toBuffer();
    bomb.writeUInt32BE(60_000, 16);
    bomb.writeUInt32BE(60_000, 20);
    const path = await media.file('bomb', withPngChecksum(bomb));
    const before = process.memoryUsage.rss();
    const { code } = await refusal((tools) => tools.image(path, media.out));
    expect(code).toBe('MEDIA_TOO_LARGE');
    expect(process.memoryUsage.rss() - before).toBeLessThan(64 * 1024 * 1024);
  });

  it('whose frames are too many pixels together is refused', async () => {
    const { image, delay } = animation({ frames: 5, side: 64 });
    const webp = await image.webp({ delay }).toBuffer();
    // The size of the canvas, less one, in the header.
    for (const at of [24, 27]) webp.writeUIntLE(4999, at, 3);
    const path = await media.file('frames', webp);
    const { code, message } = await refusal((tools) => tools.sticker(path, media.out));
    expect([code, message]).toEqual(['MEDIA_TOO_LARGE', expect.stringContaining('in all frames together')]);
  });

  it.each(['jpeg', 'png', 'webp', 'gif'] as const)('%s that was cut off is unreadable', async (format) => {
    const whole = await noise(200).removeAlpha().toFormat(format).toBuffer();
    const path = await media.file('cut', whole.subarray(0, whole.length / 2));
    expect((await refusal((tools) => tools.image(path, media.out))).code).toBe('MEDIA_UNREADABLE');
    expect((await refusal((tools) => tools.sticker(path, media.out))).code).toBe('MEDIA_UNREADABLE');
  });

  it('in a format with a program inside is not opened', async () => {
    const svg = await media.file('a.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>');
    expect((await refusal((tools) => tools.image(svg, media.out))).code).toBe('MEDIA_TYPE_MISMATCH');
  });

  it.each([
    [
      'HEIC',
      '00000018667479706865696300000000686569636d696631',
      'MEDIA_TYPE_MISMATCH',
      /cannot be converted here.*JPEG/,
    ],
    [
      'BMP',
      `424d46000000000000003600000028000000020000000200000001001800000000001000000000000000000000000000000000000000${'00'.repeat(16)}`,
      'MEDIA_TOOL_MISSING',
      /ffmpeg/,
    ],
  ])('%s is refused with what to do', async (_, hex, code, sentence) => {
    const path = await media.file('picture', Buffer.from(hex, 'hex'));
    expect(await refusal((tools) => tools.image(path, media.out))).toMatchObject({
      code,
      message: expect.stringMatching(sentence),
    });
  });
});

describe('a sticker', () => {
  it.each([
    ['PNG', () => transparentPicture().png()],
    ['JPEG', () => picture().jpeg()],
    ['WebP of another size', () => transparentPicture().webp()],
  ])('of a %s has 512 x 512 pixels and keeps what is transparent', async (_, make) => {
    const path = await media.file('picture', await make().toBuffer());
    expect(await media.tools.sticker(path, media.out)).toEqual({
      mimetype: 'image/webp',
      width: 512,
      height: 512,
      converted: true,
    });
    const { data, info } = await sharp(media.out).ensureAlpha().raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([512, 512]);
    expect(data[3]).toBe(0);
    expect(data[(256 * 512 + 256) * 4 + 3]).toBe(255);
    expect((await sharp(media.out).metadata()).format).toBe('webp');
  });

  it('of a picture that no encoder makes small stays below 100 kB', async () => {
    const path = await media.file('noise', await noise(512).png().toBuffer());
    await media.tools.sticker(path, media.out);
    const { size } = await stat(media.out);
    expect(size).toBeGreaterThan(20_000);
    expect(size).toBeLessThanOrEqual(100 * 1024);
  });

  it.each(['gif', 'webp'] as const)('of an animated %s moves as it did', async (format) => {
    const { image, delay } = animation({ frames: 12, delayMs: 80 });
    const path = await media.file('moving', await image.toFormat(format, { delay }).toBuffer());
    expect(await media.tools.sticker(path, media.out)).toEqual({
      mimetype: 'image/webp',
      width: 512,
      height: 512,
      animated: true,
      converted: true,
    });
    const made = await sharp(media.out, { animated: true }).metadata();
    expect(made).toMatchObject({ format: 'webp', width: 512, pageHeight: 512, hasAlpha: true, loop: 0 });
    expect(made.pages).toBe(12);
    expect(made.delay).toEqual(delay);
  });

  it('of a GIF whose frames give no time is as fast as viewers show it', async () => {
    const { image } = animation({ frames: 3, side: 64 });
    const path = await media.file('fast.gif', await image.gif({ delay: [0, 10, 20] }).toBuffer());
    await media.tools.sticker(path, media.out);
    expect((await sharp(media.out, { animated: true }).metadata()).delay).toEqual([100, 100, 20]);
  });

  it('of an animation that no encoder makes small stays below 500 kB and as long as it was', async () => {
    const frames = 6;
    const path = await media.file(
      'noise',
      await noise(256, frames)
        .webp({ delay: Array<number>(frames).fill(100), quality: 60, effort: 0 })
        .toBuffer(),
    );
    expect(await media.tools.sticker(path, media.out)).toMatchObject({ animated: true });
    expect((await stat(media.out)).size).toBeLessThanOrEqual(500 * 1024);
    const { delay = [] } = await sharp(media.out, { animated: true }).metadata();
    expect(delay.reduce((sum, one) => sum + one, 0)).toBe(frames * 100);
  });

  it('whose frames are all equal is a still one', async () => {
    const pixels = Buffer.alloc(64 * 64 * 3 * 4, 255);
    const still = sharp(pixels, { raw: { width: 64, height: 192, channels: 4, pageHeight: 64 } });
    const path = await media.file('equal', await still.gif({ delay: [100, 100, 100] }).toBuffer());
    const facts = await media.tools.sticker(path, media.out);
    expect(facts.animated).toBeUndefined();
    expect((await sharp(media.out).metadata()).pages ?? 1).toBe(1);
  });

  it('that is one already is left alone', async () => {
    const path = await media.file('sticker', await transparentPicture(512).webp().toBuffer());
    expect(await media.tools.sticker(path, media.out)).toMatchObject({ converted: false });
    const { image, delay } = animation({ frames: 5, side: 512 });
    const moving = await media.file('moving', await image.webp({ delay }).toBuffer());
    expect(await media.tools.sticker(moving, media.out)).toMatchObject({ converted: false, animated: true });
    expect(await media.leftovers()).toEqual([]);
  });

  it.each([
    ['still', () => transparentPicture().png().toBuffer()],
    ['still and opaque', () => picture({ width: 512, height: 512 }).webp().toBuffer()],
    [
      'animated',
      () =>
        animation({ frames: 6 })
          .image.webp({ delay: [90, 90, 90, 90, 90, 90] })
          .toBuffer(),
    ],
  ])('that is %s carries the name and the author of its pack', async (kind, make) => {
    const path = await media.file('picture', await make());
    await media.tools.sticker(path, media.out, { pack: { name: 'Grüße', author: 'Ann' } });
    const { exif, pages = 1, width } = await sharp(media.out).metadata();
    expect([pages > 1, width]).toEqual([kind === 'animated', 512]);
    const json = JSON.parse(exif!.subarray(exif!.indexOf('{')).toString('utf8')) as Record<string, string>;
    expect(json).toEqual({
      'sticker-pack-id': expect.stringMatching(/^[0-9a-f-]{36}$/),
      'sticker-pack-name': 'Grüße',
      'sticker-pack-publisher': 'Ann',
    });
    // All frames can be decoded: the chunks are where they were.
    await sharp(media.out, { animated: true }).raw().toBuffer();
  });

  it('of a video needs ffmpeg', async () => {
    const path = await media.file('video', await video({ seconds: 2 }));
    expect(await refusal((tools) => tools.sticker(path, media.out))).toMatchObject({
      code: 'MEDIA_TOOL_MISSING',
      details: { tool: 'ffmpeg' },
    });
  });
});

describe('a voice note', () => {
  it.each([
    ['mono at 44.1 kHz', { seconds: 2.9 }, 3],
    ['stereo at 48 kHz', { seconds: 1.2, sampleRate: 48_000, channels: 2 }, 1],
    ['of a telephone, 8 kHz', { seconds: 5, sampleRate: 8000 }, 5],
    ['below a second', { seconds: 0.3, sampleRate: 16_000 }, 1],
  ])('of WAV, %s, is Ogg/Opus with one channel, its seconds and its waveform', async (_, options, seconds) => {
    const path = await media.file('voice.wav', wav(options));
    const facts = await media.tools.voiceNote(path, media.out);
    expect(facts).toEqual({
      mimetype: 'audio/ogg; codecs=opus',
      seconds,
      waveform: expect.any(Uint8Array),
      converted: true,
    });
    const waveform = facts.waveform!;
    expect(waveform).toHaveLength(64);
    expect(Math.max(...waveform)).toBe(100);
    expect(waveform[60]!).toBeGreaterThan(waveform[10]!);
    const head = await readFile(media.out);
    expect(head.subarray(0, 4).toString()).toBe('OggS');
    const opus = head.indexOf('OpusHead');
    const [version, channels] = head.subarray(opus + 8);
    const [preSkip, rate] = [head.readUInt16LE(opus + 10), head.readUInt32LE(opus + 12)];
    expect({ version, channels, preSkip, rate }).toEqual({ version: 1, channels: 1, preSkip: 312, rate: 48_000 });
    const inspected = await media.tools.inspect(media.out);
    expect(inspected).toMatchObject({
      mimetype: 'audio/ogg; codecs=opus',
      hasAudio: true,
      hasVideo: false,
      codec: 'opus',
    });
    expect(Math.abs(inspected.seconds! - options.seconds)).toBeLessThan(0.05);
  });

  it('that is Ogg/Opus already passes with the same facts', async () => {
    const path = await media.file('voice.wav', wav({ seconds: 3 }));
    const made = await media.tools.voiceNote(path, media.out);
    const again = await media.file('voice.ogg', await readFile(media.out));
    const facts = await media.tools.voiceNote(again, `${again}.out`);
    expect(facts).toMatchObject({ mimetype: made.mimetype, seconds: 3, converted: false });
    for (const [part, value] of facts.waveform!.entries())
      expect(Math.abs(value - made.waveform![part]!)).toBeLessThan(12);
  });

  it.each([
    ['of a picture', 'MEDIA_TYPE_MISMATCH', () => picture().jpeg().toBuffer()],
    ['of a video without a sound', 'MEDIA_TYPE_MISMATCH', () => video({ seconds: 1 })],
    ['of FLAC without ffmpeg', 'MEDIA_TOOL_MISSING', () => Promise.resolve(silentFlac())],
    ['of AMR without ffmpeg', 'MEDIA_TOOL_MISSING', () => Promise.resolve(amr(2))],
    ['of a WAV without a sample', 'MEDIA_UNREADABLE', () => Promise.resolve(wav({ seconds: 0 }))],
  ])('%s is refused', async (_, code, make) => {
    const path = await media.file('sound', await make());
    expect((await refusal((tools) => tools.voiceNote(path, media.out))).code).toBe(code);
  });

  it('names what to install', async () => {
    const path = await media.file('sound.amr', amr(2));
    const { message } = await refusal((tools) => tools.voiceNote(path, media.out));
    expect(message).toBe(
      'A voice note is made of audio/amr with ffmpeg, which this installation lacks. Its operator can install it (docs/media-conversion.md); Ogg/Opus and WAV are accepted without.',
    );
  });
});

describe('a sound', () => {
  it('that phones play passes with its seconds', async () => {
    const path = await media.file('sound.amr', amr(7));
    expect(await media.tools.audio(path, media.out)).toEqual({ mimetype: 'audio/amr', seconds: 7, converted: false });
  });

  it('of WAV becomes one that phones play', async () => {
    const path = await media.file('sound.wav', wav({ seconds: 2, channels: 2 }));
    expect(await media.tools.audio(path, media.out)).toEqual({
      mimetype: 'audio/ogg; codecs=opus',
      seconds: 2,
      converted: true,
    });
    expect((await media.tools.inspect(media.out)).codec).toBe('opus');
  });
});

describe('a video', () => {
  it.each([
    [0, 640, 360],
    [90, 360, 640],
    [180, 640, 360],
  ] as const)(
    'turned by %s degrees has %s x %s pixels and its seconds, without ffmpeg too',
    async (rotation, width, height) => {
      const path = await media.file('video.mp4', await video({ seconds: 4, rotation }));
      expect(await media.tools.video(path, media.out)).toEqual({
        mimetype: 'video/mp4',
        seconds: 4,
        width,
        height,
        converted: false,
      });
    },
  );

  it('that phones do not play is refused with the reason and what to install', async () => {
    const path = await media.file('video.webm', await video({ seconds: 1, container: 'webm' }));
    expect(await media.tools.inspect(path)).toMatchObject({
      mimetype: 'video/webm',
      width: 640,
      height: 360,
      codec: 'vp9',
    });
    const { code, message } = await refusal((tools) => tools.video(path, media.out));
    expect([code, message]).toEqual([
      'MEDIA_TOOL_MISSING',
      expect.stringMatching(/H\.264 with AAC in MP4; this is vp9 in video\/webm.*install/),
    ]);
  });

  it.each([0.3, 0.7, 0.99])('of which %s is there was cut off, wherever its header is', async (part) => {
    const whole = await video({ seconds: 5 });
    const path = await media.file('video.mp4', whole.subarray(0, Math.floor(whole.length * part)));
    expect((await refusal((tools) => tools.video(path, media.out))).code).toBe('MEDIA_UNREADABLE');
  });
});

describe('a damaged file', () => {
  const moving = animation({ frames: 3, side: 64 });
  it.each<[Method, string, () => Promise<Buffer>]>([
    ['video', 'MP4', () => video({ seconds: 2 })],
    ['video', 'WebM', () => video({ seconds: 2, container: 'webm' })],
    ['voiceNote', 'WAV', () => Promise.resolve(wav({ seconds: 0.3 }))],
    ['image', 'JPEG', () => picture().jpeg().toBuffer()],
    ['image', 'AVIF', () => picture().avif({ effort: 0 }).toBuffer()],
    ['sticker', 'GIF', () => moving.image.gif({ delay: moving.delay }).toBuffer()],
    ['sticker', 'WebP', () => moving.image.webp({ delay: moving.delay }).toBuffer()],
  ])('for %s, %s, is converted or refused, whatever is broken in it', async (method, _, make) => {
    const whole = await make();
    let state = 7;
    const below = (limit: number): number => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state % limit;
    };
    for (let round = 0; round < 4; round++) {
      const damaged = Buffer.from(whole);
      // Most of what parsers read is at the beginning.
      for (let count = 0; count < 6; count++) damaged[below(Math.min(damaged.length, 400))] = below(256);
      const path = await media.file(
        'file',
        round % 2 === 0 ? damaged : damaged.subarray(0, 30 + below(damaged.length)),
      );
      const outcome = await media.tools[method](path, media.out).then(
        () => 'converted',
        (error: { code?: string; stack: string }) => error.code ?? error.stack,
      );
      expect(outcome).toMatch(/^(converted|MEDIA_(UNREADABLE|TYPE_MISMATCH|TOOL_MISSING|TOO_LARGE))$/);
    }
  });
});

describe('any file', () => {
  it('without a byte is empty', async () => {
    const path = await media.file('nothing.jpg', '');
    for (const method of METHODS) {
      expect((await refusal((tools) => tools[method](path, media.out))).code).toBe('MEDIA_EMPTY');
    }
    expect((await refusal((tools) => tools.inspect(path))).code).toBe('MEDIA_EMPTY');
  });

  it('of another kind is refused with the type of its bytes', async () => {
    const path = await media.file('document', '%PDF-1.7\n%âãÏÓ\n');
    for (const method of METHODS) {
      expect(await refusal((tools) => tools[method](path, media.out))).toMatchObject({
        code: 'MEDIA_TYPE_MISMATCH',
        message: expect.stringContaining('application/pdf'),
        details: { found: 'application/pdf' },
      });
    }
  });

  it('with a name or a type that its bytes contradict is refused (MR-157)', async () => {
    const path = await media.file('file', await picture().png().toBuffer());
    expect(await refusal((tools) => tools.inspect(path, { fileName: 'photo.jpg' }))).toMatchObject({
      code: 'MEDIA_TYPE_MISMATCH',
      details: { found: 'image/png' },
    });
    expect((await refusal((tools) => tools.inspect(path, { mimetype: 'video/mp4' }))).message).toContain(
      '`mimetype` says video/mp4',
    );
  });

  it('can be given up at any time', async () => {
    const path = await media.file('voice.wav', wav({ seconds: 60, sampleRate: 48_000, channels: 2 }));
    const controller = new AbortController();
    const running = media.tools.voiceNote(path, media.out, { signal: controller.signal });
    setTimeout(() => controller.abort(new Error('the client is gone')), 60);
    await expect(running).rejects.toThrow('the client is gone');
    expect(await media.leftovers()).toEqual([]);
  });

  it('is given up when the tools are closed, and none is taken afterwards', async () => {
    const path = await media.file('voice.wav', wav({ seconds: 60, sampleRate: 48_000 }));
    const running = expect(media.tools.voiceNote(path, media.out)).rejects.toThrow('The process ends.');
    await media.tools.close();
    await running;
    await expect(media.tools.inspect(path)).rejects.toThrow('The process ends.');
  });
});

describe('a file for a message', () => {
  it.each<[MediaPurpose, string, () => Promise<Buffer>, object]>([
    ['image', 'photo.jpg', () => picture().jpeg().toBuffer(), { mimetype: 'image/jpeg', converted: false }],
    ['video', 'clip.mp4', () => video({ seconds: 2 }), { mimetype: 'video/mp4', seconds: 2, converted: false }],
    ['gif', 'clip.mp4', () => video({ seconds: 2 }), { mimetype: 'video/mp4', converted: false }],
    ['videoNote', 'clip.mp4', () => video({ seconds: 2 }), { mimetype: 'video/mp4', converted: false }],
    ['audio', 'sound.amr', () => Promise.resolve(amr(3)), { mimetype: 'audio/amr', seconds: 3, converted: false }],
    ['voice', 'voice.wav', () => Promise.resolve(wav({ seconds: 1 })), { seconds: 1, converted: true }],
    ['sticker', 'cat.png', () => transparentPicture().png().toBuffer(), { mimetype: 'image/webp', converted: true }],
    ['document', 'photo.png', () => picture().png().toBuffer(), { mimetype: 'image/png', width: 300, height: 200 }],
  ])('as %s of %s is prepared', async (purpose, fileName, make, facts) => {
    const path = await media.file('file', await make());
    const made = await media.tools.prepare(purpose, path, media.out, { fileName });
    expect(made).toMatchObject(facts);
    expect(await media.leftovers()).toEqual(made.converted ? ['out'] : []);
    if (purpose === 'document') expect(made.thumbnail!.length).toBeGreaterThan(100);
    const wrong = { fileName: purpose === 'document' ? 'a.mp4' : 'a.pdf' };
    await rm(media.out, { force: true });
    const { code } = await refusal((tools) => tools.prepare(purpose, path, media.out, wrong));
    expect(code).toBe('MEDIA_TYPE_MISMATCH');
  });

  it('that is larger than WhatsApp takes is refused with the limit', async () => {
    const path = await media.file(
      'large',
      await picture({ width: 2500, height: 2500 }).png({ compressionLevel: 0 }).toBuffer(),
    );
    expect(await refusal((tools) => tools.prepare('image', path, media.out))).toMatchObject({
      code: 'MEDIA_TOO_LARGE',
      details: { maxBytes: 16 * 1024 * 1024, size: expect.any(Number) },
    });
    expect(await media.tools.prepare('document', path, media.out)).toMatchObject({ mimetype: 'image/png' });
  });

  it('as a video note of more than a minute is refused', async () => {
    const path = await media.file('clip.mp4', await video({ seconds: 62 }));
    expect(await refusal((tools) => tools.prepare('videoNote', path, media.out))).toMatchObject({
      code: 'MEDIA_TOO_LARGE',
      details: { maxSeconds: 60 },
    });
  });
});

/** The checksum of the first chunk, which the size is in. */
function withPngChecksum(png: Buffer): Buffer {
  let crc = 0xffffffff;
  for (const byte of png.subarray(12, 29)) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  png.writeUInt32BE((crc ^ 0xffffffff) >>> 0, 29);
  return png;
}
