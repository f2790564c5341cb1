import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { EVENT_TYPES, EVENTS } from './index.ts';

const DOCS = new URL('../../../../docs/webhooks.md', import.meta.url);

interface ObjectSchema {
  properties: Record<string, unknown>;
  required?: string[];
}

/** The rows of the table by the registry. An optional member has a question mark. */
const rows = EVENT_TYPES.map((type) => {
  const { properties, required = [] } = EVENTS[type].data as unknown as ObjectSchema;
  const members = Object.keys(properties).map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`);
  return `| \`${type}\` | ${EVENTS[type].summary} | ${members.join(', ')} |`;
});

it('docs/webhooks.md lists every event with its summary and the members of `data` (MR-066)', () => {
  const documented = readFileSync(DOCS, 'utf8')
    .split('\n')
    .filter((line) => /^\| `[a-z]+\.[a-z_]+` /.test(line));
  expect(documented).toEqual(rows);
});
