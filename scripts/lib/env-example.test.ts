import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from './paths.mjs';

test('.env.example names nothing that docs/configuration.md does not (MR-184)', () => {
  const documented = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');
  const example = readFileSync(join(ROOT, '.env.example'), 'utf8');
  const names = [...example.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(documented).toContain(`| \`${name}\` |`);
});
