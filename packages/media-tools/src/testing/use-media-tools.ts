import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { createMediaTools } from '../create-media-tools.ts';
import type { MediaTools } from '../media-tools.ts';
import type { MediaToolsEnvironment } from '../media-tools-environment.ts';

export interface MediaToolsFixture {
  readonly tools: MediaTools;
  /** Where a conversion writes to. */
  readonly out: string;
  /** Writes a file, and gives its path. */
  file(name: string, content: Buffer | string): Promise<string>;
  /** Names of what lies beside the files that were written. */
  leftovers(): Promise<string[]>;
}

/** The default limits, without ffmpeg unless a folder is named. */
export const environment = (changes: Partial<MediaToolsEnvironment> = {}): MediaToolsEnvironment => ({
  MEDIA_CONVERSIONS: 2,
  MEDIA_CONVERSION_TIMEOUT_SECONDS: 60,
  MEDIA_CONVERSION_MEMORY_MB: 2048,
  ...changes,
});

/** New tools and a new folder for each test. After each test nothing but the results may lie in the folder. */
export function useMediaTools(changes?: Partial<MediaToolsEnvironment>): MediaToolsFixture {
  let folder = '';
  let tools: MediaTools | undefined;
  const given = new Set<string>();
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'wag-media-tools-'));
    tools = createMediaTools(environment(changes), '');
    given.clear();
  });
  afterEach(async () => {
    await tools?.close();
    const rest = await fixture.leftovers();
    await rm(folder, { recursive: true, force: true });
    expect(rest.filter((name) => name !== 'out')).toEqual([]);
  });
  const fixture: MediaToolsFixture = {
    get tools() {
      return tools!;
    },
    get out() {
      return join(folder, 'out');
    },
    async file(name, content) {
      const path = join(folder, name);
      await writeFile(path, content);
      given.add(name);
      return path;
    },
    async leftovers() {
      return (await readdir(folder)).filter((name) => !given.has(name));
    },
  };
  return fixture;
}
