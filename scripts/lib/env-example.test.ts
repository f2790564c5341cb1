import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { expect, test } from 'vitest';
import { ROOT } from './paths.mjs';

const EXAMPLE = readFileSync(join(ROOT, '.env.example'), 'utf8');

test('.env.example, copied as it is, asks for no port: a taken one is not an error then', () => {
  const { PORT, ...others } = parseEnv(EXAMPLE);
  expect(PORT).toBeUndefined();
  expect(Object.keys(others)).toContain('LOG_LEVEL');
  expect(EXAMPLE).toContain('\n# PORT=8000\n');
});

test('.env.example names nothing that docs/configuration.md does not (MR-184)', () => {
  const documented = readFileSync(join(ROOT, 'docs', 'configuration.md'), 'utf8');
  const names = [...EXAMPLE.matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(15);
  for (const name of names) expect(documented).toContain(`| \`${name}\` |`);
});
