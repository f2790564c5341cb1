import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ERRORS, EVENTS, KIND_NAMES, type KindName, LIVE_EVENTS, SEND_REQUESTS } from '@wa-gate/contracts';
import { Compile } from 'typebox/compile';
import { describe, expect, it } from 'vitest';

/** What docs/moving.md says of the API: calls with their fields, events with their members, codes and commands. */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string): string => readFileSync(`${ROOT}${path}`, 'utf8');
const page = read('docs/moving.md');

interface Schema {
  $ref?: string;
  [member: string]: unknown;
}
interface Operation {
  parameters?: { name?: string; $ref?: string }[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}
const description = JSON.parse(read('apps/gateway/openapi.json')) as {
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, Schema>>;
};

/** The names of all members of a schema, at every depth. */
function membersOf(schema: unknown, seen = new Set<string>()): Set<string> {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { $ref, properties } = node as Schema;
    if ($ref !== undefined) {
      if (seen.has($ref)) return;
      seen.add($ref);
      const [section = '', name = ''] = $ref.split('/').slice(-2);
      visit(description.components[section]?.[name]);
    }
    for (const name of Object.keys((properties as object | undefined) ?? {})) found.add(name);
    for (const member of Object.values(node)) visit(member);
  };
  visit(schema);
  return found;
}

const operations = new Map<string, Operation>(
  Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  ),
);

/** Fields of a call: of its path, query and body, and of what it answers. */
function fieldsOf(call: string): Set<string> {
  const { parameters = [], requestBody, responses } = operations.get(call)!;
  const answers = Object.entries(responses).flatMap(([status, answer]) => (status.startsWith('2') ? [answer] : []));
  return new Set([...parameters.map(({ name = '' }) => name), ...membersOf([requestBody, answers])]);
}

const spansOf = (text: string): string[] => [...text.matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
const isCall = (span: string): boolean => /^(?:GET|POST|PUT|PATCH|DELETE) \/api\//.test(span);
const isEvent = (span: string): boolean => /^[a-z]+\.[a-z_]+$/.test(span) && !span.startsWith('data.');

interface Row {
  heading: string;
  /** The first cell. */
  what: string;
  /** The title of the column with what is here. */
  title: string;
  here: string;
}

/** The rows of all tables with a column of what is here. */
function rowsOf(): Row[] {
  const rows: Row[] = [];
  let heading = '';
  let titles: string[] = [];
  for (const line of page.split('\n')) {
    if (line.startsWith('#')) heading = line.replace(/^#+ /, '');
    if (!line.startsWith('| ')) {
      titles = [];
      continue;
    }
    const cells = line.slice(2, -2).split(' | ');
    if (titles.length === 0) titles = cells;
    else if (!line.startsWith('| ---')) {
      const column = titles.findIndex((title) => title === 'here' || title === 'fields here');
      if (column >= 0) rows.push({ heading, what: cells[0]!, title: titles[column]!, here: cells[column]! });
    }
  }
  return rows;
}
const rows = rowsOf();
const rowsBelow = (...headings: string[]) => rows.filter(({ heading }) => headings.includes(heading));

describe('docs/moving.md says of the API what is true (MR-199)', () => {
  it('its tables are found', () => {
    expect(rows.length).toBeGreaterThan(80);
  });

  it('every call exists', () => {
    const prose = page.split('\n').filter((line) => !/^[|`]/.test(line));
    const named = new Set(spansOf([...prose, ...rows.map(({ here }) => here)].join('\n')).filter(isCall));
    expect(named.size).toBeGreaterThan(60);
    expect([...named].filter((call) => !operations.has(call))).toEqual([]);
  });

  it.each(rows.filter(({ here }) => spansOf(here).some(isCall)).map(({ what, here }) => [what, here] as const))(
    'the fields of "%s" are fields of its calls: %s',
    (_what, here) => {
      const spans = spansOf(here);
      const fields = new Set(spans.filter(isCall).flatMap((call) => [...fieldsOf(call)]));
      const named = spans.filter((span) => !isCall(span)).map((span) => span.split('=')[0]!);
      expect(named.filter((name) => !fields.has(name))).toEqual([]);
    },
  );

  const kinds = rows.filter(({ title }) => title === 'fields here');
  it.each(kinds.map(({ what, here }) => [spansOf(what)[0]!, here] as const))(
    'the fields of type %s: %s',
    (type, here) => {
      expect(KIND_NAMES).toContain(type);
      const fields = membersOf(SEND_REQUESTS[type as KindName]);
      expect(spansOf(here).filter((name) => name !== 'true' && !fields.has(name))).toEqual([]);
    },
  );

  it('every example can be sent', () => {
    const examples = [...page.matchAll(/```json\n(.+?)\n```/gs)].map(([, text = '']) => JSON.parse(text) as object);
    expect(examples).toHaveLength(3);
    for (const example of examples) {
      const { type = 'text' } = example as { type?: KindName };
      expect(Compile(SEND_REQUESTS[type]).Errors(example)).toEqual([]);
    }
  });

  it.each(rowsBelow('Events').map(({ here }) => here))('the events exist, with their members: %s', (here) => {
    const spans = spansOf(here);
    const events: Record<string, { data: unknown }> = { ...EVENTS, ...LIVE_EVENTS };
    const types = spans.filter(isEvent);
    expect(types.filter((type) => !(type in events))).toEqual([]);
    const members = membersOf(types.map((type) => events[type]!.data));
    const values = ['api', 'phone'];
    expect(spans.filter((span) => !isEvent(span) && !values.includes(span) && !members.has(span))).toEqual([]);
  });

  it.each(rowsBelow('Where a member is').map(({ what, here }) => [what, here] as const))(
    'where it is: %s: %s',
    (_what, here) => {
      const schema = description.components.schemas!.MessageReceivedEvent!;
      const { properties } = schema as { properties: Record<string, { properties?: object }> };
      const known = new Set([
        ...Object.keys(properties),
        ...Object.keys(properties.data!.properties!).map((name) => `data.${name}`),
      ]);
      expect(spansOf(here).filter((name) => !known.has(name))).toEqual([]);
    },
  );

  it('every state and status of the tables is one', () => {
    const [sessions, messages] = [rowsBelow('What is different'), description.components.schemas!];
    const words = new Set(
      [messages.SessionStatus, messages.SendResult].flatMap(
        (schema) => JSON.stringify(schema).match(/"[a-z_]+"/g) ?? [],
      ),
    );
    const named = sessions.flatMap(({ here }) => spansOf(here)).filter((span) => /^[a-z_]+$/.test(span));
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((word) => !words.has(`"${word}"`))).toEqual([]);
  });

  it('every code is one', () => {
    const named = rowsBelow('What is different')
      .flatMap(({ here }) => spansOf(here))
      .filter((s) => /^[A-Z_]+$/.test(s));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((code) => !(code in ERRORS))).toEqual([]);
  });

  it('every command has its options', () => {
    const source = read('apps/gateway/src/cli/commands/transfer.ts');
    const lines = [...page.matchAll(/^wag import (\S+)(.*)$/gm)];
    expect(lines.map(([, name]) => name)).toEqual(['evolution', 'baileys', 'baileys-api']);
    for (const [, name = '', rest = ''] of lines) {
      expect(source).toMatch(new RegExp(`command\\('${name}(?: <folder>)?'\\)`));
      for (const [option] of rest.matchAll(/--[a-z]+/g)) expect(source).toContain(`'${option} <`);
    }
  });
});
