import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createClient } from '../src/client.ts';
import { clientFiles } from './lib/client-files.mjs';
import { operationsOf, readDocument } from './lib/operations.mjs';
import { renderOperations } from './lib/typescript.mjs';

const sources = readdirSync(new URL('../src/', import.meta.url)).filter((name) =>
  /^(?!.*\.(test|testing)\.ts$).*\.ts$/.test(name),
);
const textOf = (name: string): string => readFileSync(new URL(`../src/${name}`, import.meta.url), 'utf8');

describe('the SDK (MR-055)', () => {
  test('has a method for each operation that clients call', () => {
    const client = createClient({ url: 'http://g.test' }) as unknown as Record<string, Record<string, unknown>>;
    const operations = operationsOf(readDocument());
    expect(operations.length).toBeGreaterThan(150);
    for (const { namespace, name, paging } of operations) {
      expect(client[namespace]?.[name], `${namespace}.${name}`).toBeTypeOf('function');
      expect(typeof (client[namespace]?.[name] as { all?: unknown } | undefined)?.all).toBe(
        paging ? 'function' : 'undefined',
      );
    }
  });

  test('is built from the present description of the API', () => {
    expect(textOf('generated/operations.ts')).toBe(renderOperations(readDocument()));
  });

  test('runs in browsers: nothing of Node is imported', () => {
    expect(sources.length).toBeGreaterThan(10);
    const imported = sources.flatMap((name) => [...textOf(name).matchAll(/from '([^']+)'/g)].map(([, from]) => from!));
    expect(imported.filter((from) => !from.startsWith('./') && !from.startsWith('../'))).toEqual([]);
    expect(sources.filter((name) => /\b(Buffer|process|require)\b[.(]/.test(textOf(name)))).toEqual([]);
  });
});

describe('the clients of other languages', () => {
  test.each([...clientFiles(readDocument())])(
    '%s fits the description (write it with: npx pnpm --filter @wa-gate/gateway openapi)',
    (path, text) => {
      expect(readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')).toBe(text);
    },
  );

  test('have no file of an operation that is gone', () => {
    const made = [...clientFiles(readDocument()).keys()].filter((path) => path.startsWith('clients/php/'));
    const there = readdirSync(new URL('../../../clients/php/src/Api/', import.meta.url));
    expect(there.filter((name) => name !== 'OperationSet.php').sort()).toEqual(
      made.map((path) => path.split('/').at(-1)).sort(),
    );
  });
});
