import { AsyncLocalStorage } from 'node:async_hooks';
import { describe, expect, it } from 'vitest';
import { SharedAsyncLocalStorage } from './shared-storage.ts';

const later = () => new Promise<void>((resolve) => setImmediate(resolve));

// The same expectations hold for the native class, except where it keeps values after disable().
describe.each([
  ['native', AsyncLocalStorage],
  ['shared', SharedAsyncLocalStorage as unknown as typeof AsyncLocalStorage],
])('%s AsyncLocalStorage', (_, Storage) => {
  it('has no store outside of a run', () => {
    expect(new Storage().getStore()).toBeUndefined();
  });

  it('carries the store over awaits, timers and promises, and leaves it afterwards', async () => {
    const storage = new Storage<string>();
    const seen = await storage.run('a', async () => {
      await later();
      return Promise.resolve().then(() => storage.getStore());
    });
    expect(seen).toBe('a');
    expect(storage.getStore()).toBeUndefined();
  });

  it('restores the outer store after a nested run, also when it throws', async () => {
    const storage = new Storage<string>();
    await storage.run('outer', async () => {
      expect(storage.run('inner', () => storage.getStore())).toBe('inner');
      expect(() =>
        storage.run('inner', () => {
          throw new Error('boom');
        }),
      ).toThrow('boom');
      await later();
      expect(storage.getStore()).toBe('outer');
    });
  });

  it('keeps instances apart, in nested and in concurrent runs', async () => {
    const a = new Storage<number>();
    const b = new Storage<number>();
    const task = (n: number) =>
      a.run(n, () =>
        b.run(-n, async () => {
          await later();
          return [a.getStore(), b.getStore()];
        }),
      );
    expect(await Promise.all([1, 2, 3].map(task))).toEqual([
      [1, -1],
      [2, -2],
      [3, -3],
    ]);
  });

  it('stores undefined and null as given', () => {
    const storage = new Storage<null | undefined>();
    storage.run(null, () => expect(storage.getStore()).toBeNull());
    storage.run(undefined, () => expect(storage.getStore()).toBeUndefined());
  });

  it('runs outside of its own context by exit, and only of its own', () => {
    const storage = new Storage<string>();
    const other = new Storage<string>();
    storage.run('a', () =>
      other.run('b', () => {
        expect(storage.exit((x: number) => [storage.getStore(), other.getStore(), x], 7)).toEqual([undefined, 'b', 7]);
        expect(storage.getStore()).toBe('a');
      }),
    );
  });

  it('sees nothing after disable, until the next run', () => {
    const storage = new Storage<string>();
    storage.run('a', () => {
      storage.disable();
      expect(storage.getStore()).toBeUndefined();
      expect(storage.run('b', () => storage.getStore())).toBe('b');
    });
  });

  it('binds functions and snapshots to the context they were made in', () => {
    const storage = new Storage<string>();
    const bound = storage.run('a', () => Storage.bind(() => storage.getStore()));
    const inSnapshot = storage.run('b', () => Storage.snapshot());
    expect(bound()).toBe('a');
    expect(storage.run('c', () => inSnapshot(() => storage.getStore()))).toBe('b');
  });

  it('passes arguments and results through', () => {
    const storage = new Storage<string>();
    expect(storage.run('a', (x: number, y: number) => x + y, 1, 2)).toBe(3);
  });
});

it('forgets values set before disable for good, in contexts that still run', async () => {
  const storage = new SharedAsyncLocalStorage<string>();
  await storage.run('old', async () => {
    storage.disable();
    await later();
    storage.run('new', () => expect(storage.getStore()).toBe('new'));
    expect(storage.getStore()).toBeUndefined();
  });
});

it('is left by a snapshot made outside of a run, and by what timers call', async () => {
  const storage = new SharedAsyncLocalStorage<string>();
  const outside = SharedAsyncLocalStorage.snapshot();
  const seen = await storage.run('inside', async () => {
    const byTimer = await new Promise((resolve) => setTimeout(() => resolve(storage.getStore())));
    return [outside(() => storage.getStore()), byTimer, storage.getStore()];
  });
  expect(seen).toEqual([undefined, undefined, 'inside']);
});

it('is carried by an await that another context ends', async () => {
  const storage = new SharedAsyncLocalStorage<string>();
  let end: () => void = () => undefined;
  const waiting = storage.run('waits', async () => {
    await new Promise<void>((resolve) => {
      end = resolve;
    });
    return storage.getStore();
  });
  await storage.run('ends', async () => end());
  expect(await waiting).toBe('waits');
});

it('says that it cannot be entered', () => {
  expect(() => new SharedAsyncLocalStorage<string>().enterWith('x')).toThrow('Use run.');
});
