// What conversions cost, and what they leave of the process that asks for them: times, the delay of its event loop, its
// memory. The files are made here, in the folder for temporary files.
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { createMediaTools } from '@wa-gate/media-tools';
import { provideFfmpeg } from '../../harness/ffmpeg.ts';

const MB = 1_048_576;

const { values } = parseArgs({
  args: process.argv.slice(2).filter((argument) => argument !== '--'),
  options: {
    images: { type: 'string', default: '2000' },
    rounds: { type: 'string', default: '5' },
    'video-mb': { type: 'string', default: '100' },
  },
});
const images = Number(values.images);
const rounds = Number(values.rounds);
const videoMb = Number(values['video-mb']);
if (!(images >= 10 && rounds >= 1 && videoMb >= 1))
  throw new Error('--images of at least 10, --rounds and --video-mb of at least 1');

const tool = await provideFfmpeg();
const folder = await mkdtemp(join(tmpdir(), 'wag-load-media-'));
const limits = { MEDIA_CONVERSIONS: 2, MEDIA_CONVERSION_TIMEOUT_SECONDS: 600, MEDIA_CONVERSION_MEMORY_MB: 2048 };
const withFfmpeg = createMediaTools({ ...limits, ...(tool.folder !== undefined && { FFMPEG_DIR: tool.folder }) });
const without = createMediaTools(limits, '');
const path = (name: string): string => join(folder, name);
const out = path('out');

/** Milliseconds of the middle run. */
async function median(run: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const begun = performance.now();
    await run();
    times.push(performance.now() - begun);
    await rm(out, { force: true });
  }
  return Math.round(times.sort((a, b) => a - b)[Math.floor(rounds / 2)]!);
}

/** How late the event loop was while something ran, as "p50 / p99 / longest". */
async function delayDuring(run: () => Promise<unknown>): Promise<string> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  await run();
  delay.disable();
  const ms = (ns: number): string => (ns / 1e6).toFixed(1);
  return `${ms(delay.percentile(50))} / ${ms(delay.percentile(99))} / ${ms(delay.max)} ms`;
}

const say = (what: string, figure: string): void => console.log(`${what.padEnd(64)} ${figure}`);

try {
  const load = loadavg()[0]!.toFixed(1);
  say('load of the machine at the beginning', load);
  const tone = ['-f', 'lavfi', '-i', 'sine=440:d=60'];
  await tool.ffmpeg(...tone, path('minute.mp3'));
  await tool.ffmpeg(...tone, '-ar', '48000', path('minute.wav'));
  await tool.ffmpeg(...tone, '-c:a', 'libopus', '-ac', '1', path('minute.ogg'));
  say('60 s MP3 to a voice note, ffmpeg', `${await median(() => withFfmpeg.voiceNote(path('minute.mp3'), out))} ms`);
  say('60 s WAV to a voice note, WebAssembly', `${await median(() => without.voiceNote(path('minute.wav'), out))} ms`);
  say('60 s Ogg/Opus measured, WebAssembly', `${await median(() => without.voiceNote(path('minute.ogg'), out))} ms`);

  // Noise cannot be compressed, so the file is large without being long.
  const noise = ['-f', 'lavfi', '-i', `nullsrc=s=1920x1080:r=30:d=${videoMb / 10},geq=random(1)*255:128:128`];
  const encoder = [
    '-c:v',
    'libx264',
    '-preset',
    'ultrafast',
    '-pix_fmt',
    'yuv420p',
    '-b:v',
    '80M',
    '-maxrate',
    '80M',
    '-bufsize',
    '80M',
  ];
  await tool.ffmpeg(...noise, ...encoder, path('large.mp4'));
  const size = `${Math.round((await stat(path('large.mp4'))).size / MB)} MB`;
  const again = async (run: () => Promise<unknown>): Promise<void> => {
    for (let round = 0; round < rounds; round++) await run();
  };
  say(
    'event loop delay of an idle process, p50 / p99 / longest',
    await delayDuring(() => new Promise((resolve) => setTimeout(resolve, 3000))),
  );
  say(
    `event loop delay while MP4s of ${size} are inspected`,
    await delayDuring(() => again(() => withFfmpeg.inspect(path('large.mp4')))),
  );
  say(
    `event loop delay while their facts and thumbnails are made`,
    await delayDuring(() => again(() => withFfmpeg.video(path('large.mp4'), out))),
  );
  say(`an MP4 of ${size}: facts and thumbnail`, `${await median(() => withFfmpeg.video(path('large.mp4'), out))} ms`);

  await tool.ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=4000x3000', '-frames:v', '1', path('photo.jpg'));
  await tool.ffmpeg('-f', 'lavfi', '-i', 'testsrc2=s=1600x1200', '-frames:v', '1', path('photo.tiff'));
  say(
    'a JPEG of 12 million pixels: facts and thumbnail',
    `${await median(() => without.image(path('photo.jpg'), out))} ms`,
  );
  say('a TIFF of 1600 x 1200 to JPEG', `${await median(() => without.image(path('photo.tiff'), out))} ms`);
  const resident: number[] = [];
  const delay = await delayDuring(async () => {
    for (let done = 0; done < images; done++) {
      if (done % Math.ceil(images / 10) === 0) resident.push(Math.round(process.memoryUsage.rss() / MB));
      await without.image(path(done % 4 === 0 ? 'photo.jpg' : 'photo.tiff'), out);
    }
  });
  resident.push(Math.round(process.memoryUsage.rss() / MB));
  say(`resident memory over ${images} pictures, MB`, resident.join(' '));
  say('event loop delay meanwhile', delay);
  say('load of the machine at the end', loadavg()[0]!.toFixed(1));
} finally {
  await withFfmpeg.close();
  await without.close();
  await rm(folder, { recursive: true, force: true });
}
