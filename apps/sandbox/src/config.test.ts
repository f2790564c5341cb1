import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { ConfigSchema } from './config.ts';

it('the environment is documented, each variable with its default (MR-184)', () => {
  const text = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  const section = text.split(/^## /m).find((part) => part.startsWith('Sandbox\n'));
  const rows = [...section!.matchAll(/^\| `([A-Z_]+)` \| (?:`(.*?)`)? ?\|/gm)].map(([, name, fallback = '']) => [
    name,
    fallback,
  ]);
  const declared = Object.entries(ConfigSchema.properties).map(([name, property]) => [
    name,
    String((property as { default?: string | number | boolean }).default ?? ''),
  ]);
  expect(new Map(rows as [string, string][])).toEqual(new Map(declared as [string, string][]));
});
