import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findFfmpeg } from './ffmpeg.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

/** The tools of Debian are played by scripts; `apps/e2e/media` fetches the real package. */
const tempDir = useTempDirs();
/** Commands that the scripts need themselves. */
const SYSTEM = '/usr/bin:/bin';

function program(folder: string, name: string, script: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), `#!/bin/sh\n${script}\n`);
  chmodSync(join(folder, name), 0o755);
}

/** A machine whose package archive has an ffmpeg that prints what it was started with. */
function machine() {
  const home = tempDir();
  const bin = join(home, 'bin');
  for (const name of ['mkdir', 'cat', 'chmod', 'touch']) program(bin, name, `exec /bin/${name} "$@"`);
  const steps: string[] = [];
  const find = (isWanted: boolean, env: NodeJS.ProcessEnv = {}) =>
    findFfmpeg({
      env: { PATH: bin, XDG_CACHE_HOME: join(home, "the user's cache"), ...env },
      fallbackCache: join(home, 'fallback'),
      isWanted,
      progress: {
        step: async (title: string, task: (note: () => void) => Promise<void>) => {
          steps.push(title);
          await task(() => {});
        },
      } as never,
    });
  return { bin, find, steps };
}

function addDebianTools(bin: string): void {
  program(bin, 'apt-get', 'case "$*" in *install*) touch cache/archives/ffmpeg.deb;; esac');
  program(
    bin,
    'dpkg-deb',
    `mkdir -p "$3/usr/bin" "$3/usr/lib/x"; touch "$3/usr/lib/x/libav.so.1"
for name in ffmpeg ffprobe; do
  printf '#!/bin/sh\\necho "%s $LD_LIBRARY_PATH $*"\\n' "$name" > "$3/usr/bin/$name"; chmod 755 "$3/usr/bin/$name"
done`,
  );
}

describe('ffmpeg for npm start', () => {
  test('is the one that the environment names, or the one on PATH, which gateways find by themselves', async () => {
    const { bin, find, steps } = machine();
    expect(await find(true, { FFMPEG_DIR: '/opt/ffmpeg' })).toBe('/opt/ffmpeg');
    for (const name of ['ffmpeg', 'ffprobe']) program(bin, name, 'exit 0');
    expect(await find(true)).toBeUndefined();
    expect(steps).toEqual([]);
  });

  test('is not fetched unless that is asked for', async () => {
    const { bin, find, steps } = machine();
    addDebianTools(bin);
    expect(await find(false)).toBeUndefined();
    expect(steps).toEqual([]);
  });

  test('is fetched once, and found by later starts; its libraries are for itself alone', async () => {
    const { bin, find, steps } = machine();
    addDebianTools(bin);
    const folder = await find(true);
    expect(steps).toEqual([expect.stringMatching(/^Fetching ffmpeg .*160 MB; nothing is installed/)]);
    expect(existsSync(join(folder!, 'ffmpeg'))).toBe(true);
    const said = execFileSync(join(folder!, 'ffprobe'), ['-i', 'a b'], { encoding: 'utf8', env: { PATH: SYSTEM } });
    expect(said).toMatch(/^ffprobe .*the user's cache\/wa-gate\/ffmpeg-\w+\/usr\/lib\/x -i a b\n$/);
    expect(await find(false)).toBe(folder);
    expect(steps).toHaveLength(1);
  });

  test('that cannot be had is a sentence', async () => {
    const { find } = machine();
    await expect(find(true)).rejects.toMatchObject({
      message: 'There is no ffmpeg on this machine.',
      hint: expect.stringContaining('leave out --ffmpeg'),
    });
  });
});
