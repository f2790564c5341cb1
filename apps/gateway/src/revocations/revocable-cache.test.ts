import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRevocableCache } from './revocable-cache.ts';
import type { RevocationKind } from './revocations.ts';

interface Row {
  id: string;
  owner: string;
  version: number;
}

/** A table that answers when it is told to, and revocations that are heard when it is told to. */
function setUp(options: { maxEntries?: number } = {}) {
  const listeners = new Map<RevocationKind, (subject: string | null) => void>();
  const rows = new Map<string, Row>([
    ['a', { id: 'a', owner: 'ann', version: 1 }],
    ['b', { id: 'b', owner: 'ann', version: 1 }],
    ['c', { id: 'c', owner: 'cid', version: 1 }],
  ]);
  const revocations = {
    isCurrent: true,
    onRevoked: (kind: RevocationKind, listener: (subject: string | null) => void) => {
      listeners.set(kind, listener);
    },
  };
  const reads: string[] = [];
  const gates: (() => void)[] = [];
  const state = { isGated: false };
  const cache = createRevocableCache<Row>({
    revocations,
    async read(key) {
      reads.push(key);
      const seen = rows.get(key) ?? null;
      if (state.isGated) await new Promise<void>((resolve) => gates.push(resolve));
      return seen;
    },
    revokedBy: { key: ({ id }) => id, user: ({ owner }) => owner },
    ...options,
  });
  return {
    cache,
    rows,
    reads,
    revocations,
    state,
    revoke: (kind: RevocationKind, subject: string | null) => listeners.get(kind)!(subject),
    change: (id: string) => rows.set(id, { ...rows.get(id)!, version: rows.get(id)!.version + 1 }),
    /** Lets the oldest reading that waits go on. */
    answer: () => gates.shift()!(),
    get waiting() {
      return gates.length;
    },
  };
}

afterEach(() => vi.restoreAllMocks());

const ticks = async () => {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
};

describe('a revocable cache', () => {
  it('reads once, and again after a revocation that names the row by any of its names', async () => {
    const { cache, reads, revoke, change } = setUp();
    await cache.get('a');
    await cache.get('a');
    expect(reads).toEqual(['a']);
    change('a');
    revoke('key', 'a');
    expect((await cache.get('a'))?.version).toBe(2);
    change('a');
    revoke('user', 'ann');
    expect((await cache.get('a'))?.version).toBe(3);
  });

  it('keeps what a revocation does not name', async () => {
    const { cache, reads, revoke } = setUp();
    await Promise.all(['a', 'c'].map((key) => cache.get(key)));
    revoke('user', 'ann');
    await cache.get('c');
    expect(reads).toEqual(['a', 'c']);
  });

  it('forgets everything when it is not known what was revoked', async () => {
    const { cache, reads, revoke } = setUp();
    await Promise.all(['a', 'c'].map((key) => cache.get(key)));
    revoke('key', null);
    await Promise.all(['a', 'c'].map((key) => cache.get(key)));
    expect(reads).toEqual(['a', 'c', 'a', 'c']);
  });

  it('does not remember what is not there', async () => {
    const { cache, rows } = setUp();
    expect(await cache.get('new')).toBeNull();
    rows.set('new', { id: 'new', owner: 'ann', version: 1 });
    expect(await cache.get('new')).not.toBeNull();
  });

  it('takes nothing from memory while revocations cannot be heard, and keeps nothing', async () => {
    const { cache, reads, revocations } = setUp();
    await cache.get('a');
    revocations.isCurrent = false;
    await cache.get('a');
    await cache.get('b');
    revocations.isCurrent = true;
    await cache.get('a');
    await cache.get('b');
    expect(reads).toEqual(['a', 'a', 'b', 'b']);
  });

  it('reads again what was revoked while it was on its way', async () => {
    const table = setUp();
    table.state.isGated = true;
    const asked = table.cache.get('a');
    await ticks();
    table.change('a');
    table.revoke('key', 'a');
    table.answer();
    await ticks();
    expect(table.waiting).toBe(1);
    table.answer();
    expect((await asked)?.version).toBe(2);
    table.state.isGated = false;
    expect((await table.cache.get('a'))?.version).toBe(2);
    expect(table.reads).toEqual(['a', 'a']);
  });

  it('does not read again because of what others had revoked meanwhile', async () => {
    const table = setUp();
    table.state.isGated = true;
    const asked = table.cache.get('a');
    await ticks();
    table.revoke('user', 'cid');
    table.answer();
    expect((await asked)?.version).toBe(1);
    table.state.isGated = false;
    await table.cache.get('a');
    expect(table.reads).toEqual(['a']);
  });

  it('lets nobody who comes after a revocation join a reading from before it', async () => {
    const table = setUp();
    table.state.isGated = true;
    const before = table.cache.get('a');
    await ticks();
    table.rows.delete('a');
    table.revoke('key', 'a');
    const after = table.cache.get('a');
    await ticks();
    expect(table.waiting).toBe(2);
    table.state.isGated = false;
    table.answer();
    table.answer();
    expect(await after).toBeNull();
    expect(await before).toBeNull();
  });

  it('shares one reading among those who come at about the same time, and with nobody who comes later', async () => {
    const table = setUp();
    table.state.isGated = true;
    const now = vi.spyOn(performance, 'now').mockReturnValue(1_000);
    const asked = [table.cache.get('a'), table.cache.get('a')];
    await ticks();
    expect(table.waiting).toBe(1);
    now.mockReturnValue(1_300);
    asked.push(table.cache.get('a'));
    await ticks();
    expect(table.waiting).toBe(2);
    table.answer();
    table.answer();
    expect((await Promise.all(asked)).map((row) => row?.id)).toEqual(['a', 'a', 'a']);
  });

  it('drops what has no room, and still forgets by name what is there', async () => {
    const { cache, reads, revoke } = setUp({ maxEntries: 2 });
    for (const key of ['a', 'b', 'c']) await cache.get(key);
    await cache.get('a');
    expect(reads).toEqual(['a', 'b', 'c', 'a']);
    revoke('user', 'ann');
    await cache.get('a');
    expect(reads).toHaveLength(5);
  });
});
