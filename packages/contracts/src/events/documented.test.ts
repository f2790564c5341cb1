import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import type { EventKind } from './event.ts';
import { EVENTS, LIVE_EVENTS, WORKER_EVENTS } from './index.ts';

const DOCS = new URL('../../../../docs/', import.meta.url);

interface ObjectSchema {
  properties: Record<string, unknown>;
  required?: string[];
}

/** The rows of the table by the registry. An optional member has a question mark. */
const rowsOf = (events: Record<string, Pick<EventKind, 'data' | 'summary'>>) =>
  Object.entries(events).map(([type, { data, summary }]) => {
    const { properties, required = [] } = data as unknown as ObjectSchema;
    const members = Object.keys(properties).map((name) => `\`${name}\`${required.includes(name) ? '' : '?'}`);
    return `| \`${type}\` | ${summary} | ${members.join(', ')} |`;
  });
const documented = (page: string) =>
  readFileSync(new URL(page, DOCS), 'utf8')
    .split('\n')
    .filter((line) => /^\| `[a-z]+\.[a-z_]+` /.test(line));

it('docs/webhooks.md lists every event with its summary and the members of `data` (MR-066)', () => {
  expect(documented('webhooks.md')).toEqual(rowsOf(EVENTS));
});

it('docs/events.md lists the events that are told to streams alone, and those of the workers', () => {
  expect(documented('events.md')).toEqual([...rowsOf(LIVE_EVENTS), ...rowsOf(WORKER_EVENTS)]);
});
