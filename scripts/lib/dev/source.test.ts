import { existsSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT } from '../paths.mjs';
import { externalImports, isSource, sourceFolders } from './source-folders.mjs';
import { sourceFlags } from './source-runtime.mjs';

describe('what runs the sources', () => {
  test.each([
    ['20.19.0', true],
    ['22.17.1', true],
    ['22.18.0', false],
    ['22.23.3', false],
    ['24.0.0', false],
  ])('Node %s needs a loader: %s', (version, needsLoader) => {
    const flags = sourceFlags(version);
    expect(flags.includes('tsx')).toBe(needsLoader);
    expect(flags).toContain('--conditions=@wa-gate/source');
  });
});

describe('which folders an app is made of', () => {
  const foldersOf = (app: string) => sourceFolders(app).map((folder) => relative(ROOT, folder));

  test('its own, and the workspace packages that it uses, those of packages too', () => {
    expect(foldersOf('gateway')[0]).toBe(join('apps', 'gateway', 'src'));
    for (const app of ['gateway', 'worker']) {
      expect(foldersOf(app)).toContain(join('packages', 'kit', 'src'));
      expect(sourceFolders(app).every((folder) => existsSync(folder))).toBe(true);
    }
    expect(foldersOf('worker')).not.toContain(join('apps', 'gateway', 'src'));
    expect(foldersOf('gateway')).not.toContain(join('packages', 'testkit', 'src'));
  });

  test('of the sandbox its own alone: phones and accounts stay while others change', () => {
    expect(foldersOf('sandbox')).toEqual([join('apps', 'sandbox', 'src')]);
  });
});

test.each([
  ['/a/src/app.ts', true],
  ['/a/src/app.test.ts', false],
  ['/a/src/app.int.test.ts', false],
  ['/a/src/testing/gateway.ts', false],
  ['/a/src/README.md', false],
  ['/a/src/4913', false],
])('%s is a source: %s', (file, expected) => {
  expect(isSource(file)).toBe(expected);
});

test('a standby loads what the app imports from outside, and never Baileys, which the worker patches first', () => {
  const specifiers = externalImports(sourceFolders('worker')).map(({ specifier }) => specifier);
  expect(specifiers).toContain('fastify');
  expect(specifiers.filter((name) => /baileys|libsignal|^node:|^\.|^@wa-gate/.test(name))).toEqual([]);
});
