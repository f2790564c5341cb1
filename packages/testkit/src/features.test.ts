import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { EVENT_TYPES, KIND_NAMES, type KindName } from '@wa-gate/contracts';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const page = readFileSync(join(ROOT, 'docs/features.md'), 'utf8');
const rows = page
  .split('\n')
  .filter((line) => line.startsWith('| ') && !/^\| (feature|---)/.test(line))
  .map((line) => line.slice(2, -2).split(' | '));

const STATES = ['works', 'best effort', 'part', 'cannot be sent', 'not built'];

/** The row of each kind in docs/features.md, by how it begins. */
const ROW_OF: Record<KindName, string> = {
  text: 'text',
  location: 'location',
  contact: 'contact cards',
  poll: 'poll and vote',
  event: 'event and answer',
  groupInvite: 'personal invitation into a group',
  buttons: 'list, buttons',
  list: 'list, buttons',
  image: 'image, video',
  video: 'image, video',
  audio: 'image, video',
  document: 'image, video',
  sticker: 'sticker',
  album: 'album',
};

describe('docs/features.md (MR-011, MR-060)', () => {
  it.each(rows)('%s: %s', (feature, state = '', how, tests = '') => {
    expect(STATES).toContain(state);
    const named = [...tests.matchAll(/`([^`]+)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    // What is there says how, and what shows it.
    if (state !== 'not built') expect([how, named.length > 0], feature).toEqual([expect.stringMatching(/\S/), true]);
  });

  it.each(KIND_NAMES)('says no more of the kind %s than the API offers', (name) => {
    const states = rows.filter(([feature]) => feature?.startsWith(ROW_OF[name])).map(([, state]) => state);
    expect(states).toHaveLength(1);
    expect(states[0]).not.toBe('not built');
  });

  it('names events that there are', () => {
    const named = [...page.matchAll(/`((?:message|poll)\.[a-z]+)`/g)].map(([, type]) => type);
    expect(named.filter((type) => !(EVENT_TYPES as readonly (string | undefined)[]).includes(type))).toEqual([]);
  });
});
