import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { provideFfmpeg, type TestFfmpeg } from '../harness/ffmpeg.ts';
import { addPhone, type PairedSession, pairSession, registerTenant } from '../harness/pair-session.ts';
import type { Phone } from '../harness/sandbox-client.ts';
import { expectSoundSystem, useSystem } from '../harness/use-system.ts';
import { waitFor } from '../harness/wait-for.ts';

/** What the message says of its file. */
type PhoneMedia = Record<string, unknown> & { mimetype: string; waveform?: string; thumbnail?: string };

const tool: TestFfmpeg = await provideFfmpeg();

/** What phones get of files that had to be converted, through the whole system. */
describe('files that are converted', () => {
  const system = useSystem({
    env: { gateway: { ...(tool.folder !== undefined && { FFMPEG_DIR: tool.folder }) } },
  });
  let session: PairedSession;
  let friend: Phone;
  let folder: string;

  beforeAll(async () => {
    session = await pairSession(system(), await registerTenant(system()));
    friend = await addPhone(system(), 'Friend');
    folder = await mkdtemp(join(tmpdir(), 'wag-sent-conversions-'));
  });
  afterAll(async () => {
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  async function source(name: string, ...args: string[]): Promise<string> {
    const path = join(folder, name);
    await tool.ffmpeg(...args, path);
    return (await readFile(path)).toString('base64');
  }

  /** Sends a file, and waits for it at the phone. */
  async function shown(body: Record<string, unknown>): Promise<{ media: PhoneMedia; path: string }> {
    const { status, body: answer } = await session.api.send(
      session.sessionId,
      { to: friend.number, ...body },
      { wait: 'sent' },
    );
    expect([status, answer]).toMatchObject([200, { success: true, data: { status: 'sent' } }]);
    const id = answer.data.waMessageId;
    const inbox = async () =>
      (await system().sandbox.inbox(friend.number)) as unknown as { id: string; media?: PhoneMedia }[];
    const message = await waitFor(async () => (await inbox()).find((one) => one.id === id), {
      what: 'the file at the phone',
    });
    const answered = await fetch(`${system().process('sandbox').url}/phones/${friend.number}/messages/${id}/media`);
    expect(answered.status).toBe(200);
    const path = join(folder, `shown-${id}`);
    await writeFile(path, Buffer.from(await answered.arrayBuffer()));
    return { media: message!.media!, path };
  }

  const TONE = ['-f', 'lavfi', '-i', 'aevalsrc=0.8*t/3*sin(2*PI*440*t):s=44100:d=3'];
  const PATTERN = ['-f', 'lavfi', '-i', 'testsrc2=s=320x240:r=15:d=2'];

  describe('a voice note at the phone (MR-011)', () => {
    test.each([
      ['mp3', [...TONE, '-b:a', '64k']],
      ['m4a', [...TONE, '-c:a', 'aac']],
      ['wav', TONE],
      ['ogg', [...TONE, '-c:a', 'libvorbis']],
    ])('of %s is Ogg/Opus with one channel, seconds and a waveform', async (extension, args) => {
      const base64 = await source(`voice.${extension}`, ...args);
      const { media, path } = await shown({ type: 'audio', voice: true, media: { base64 } });
      expect(media).toMatchObject({ mimetype: 'audio/ogg; codecs=opus', seconds: 3, voice: true });
      const waveform = Buffer.from(media.waveform!, 'base64');
      expect([waveform.length, Math.max(...waveform)]).toEqual([64, 100]);
      expect(await tool.streamOf(path, 'a')).toMatchObject({ codec_name: 'opus', channels: 1, sample_rate: '48000' });
    });

    test('of AMR too', async () => {
      const frame = Buffer.concat([Buffer.of(0x3c), Buffer.alloc(31)]);
      const amr = Buffer.concat([Buffer.from('#!AMR\n'), ...Array.from({ length: 150 }, () => frame)]);
      const { media, path } = await shown({ type: 'audio', voice: true, media: { base64: amr.toString('base64') } });
      expect(media).toMatchObject({ mimetype: 'audio/ogg; codecs=opus', seconds: 3, voice: true });
      expect(await tool.streamOf(path, 'a')).toMatchObject({ codec_name: 'opus', channels: 1 });
    });
  });

  describe('a sticker at the phone (MR-011)', () => {
    test.each([
      ['png', [...PATTERN, '-frames:v', '1'], false],
      ['jpg', [...PATTERN, '-frames:v', '1'], false],
      ['gif', PATTERN, true],
      ['mp4', [...PATTERN, '-c:v', 'libx264', '-preset', 'ultrafast', '-pix_fmt', 'yuv420p'], true],
    ])('of %s is WebP of 512 x 512 pixels', async (extension, args, isAnimated) => {
      const base64 = await source(`sticker.${extension}`, ...args);
      const { media, path } = await shown({ type: 'sticker', media: { base64 } });
      expect(media).toMatchObject({ mimetype: 'image/webp', width: 512, height: 512 });
      expect(media.animated ?? false).toBe(isAnimated);
      const bytes = await readFile(path);
      expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', 8, 12)]).toEqual(['RIFF', 'WEBP']);
      expect(bytes.length).toBeLessThanOrEqual(isAnimated ? 500 * 1024 : 100 * 1024);
    });
  });

  describe('other files at the phone (MR-011)', () => {
    test('a WebM is MP4 with a thumbnail, a GIF plays as one', async () => {
      const webm = await source('clip.webm', ...PATTERN, '-c:v', 'libvpx', '-deadline', 'realtime', '-cpu-used', '8');
      const video = await shown({ type: 'video', media: { base64: webm } });
      expect(video.media).toMatchObject({ mimetype: 'video/mp4', seconds: 2, width: 320, height: 240 });
      expect(Buffer.from(video.media.thumbnail!, 'base64').subarray(0, 2).toString('hex')).toBe('ffd8');
      expect(await tool.streamOf(video.path, 'v')).toMatchObject({ codec_name: 'h264' });
      const gif = await shown({ type: 'video', gif: true, media: { base64: await source('moving.gif', ...PATTERN) } });
      expect(gif.media).toMatchObject({ mimetype: 'video/mp4', gif: true });
    });

    test('a TIFF is a JPEG', async () => {
      const tiff = await source('scan.tiff', ...PATTERN, '-frames:v', '1');
      const { media } = await shown({ type: 'image', media: { base64: tiff } });
      expect(media).toMatchObject({ mimetype: 'image/jpeg', width: 320, height: 240 });
    });

    test('what cannot be converted is a 422 that names the field, and nothing is sent (MR-157)', async () => {
      const before = (await session.api.messages(session.sessionId)).length;
      const cut = Buffer.from(await source('cut.mp4', ...PATTERN, '-c:v', 'libx264', '-pix_fmt', 'yuv420p'), 'base64');
      for (const [body, code] of [
        [{ type: 'video', media: { base64: cut.subarray(0, cut.length / 2).toString('base64') } }, 'MEDIA_UNREADABLE'],
        [
          { type: 'audio', voice: true, media: { base64: Buffer.from('just words').toString('base64') } },
          'MEDIA_TYPE_MISMATCH',
        ],
      ] as const) {
        const { status, body: answer } = await session.api.send(session.sessionId, { to: friend.number, ...body });
        expect([status, answer]).toMatchObject([422, { success: false, code, details: { field: 'media' } }]);
      }
      expect((await session.api.messages(session.sessionId)).length).toBe(before);
    });
  });

  expectSoundSystem(system);
});
