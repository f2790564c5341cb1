import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, it } from 'vitest';
import { readIssues, summarise } from './validation-issues.ts';

const schema = Type.Object(
  {
    role: Type.Optional(Type.String({ pattern: '^(?:owner|OWNER|viewer|VIEWER)$' })),
    month: Type.Optional(Type.String({ pattern: '^20[0-9]{2}-[01][0-9]$', examples: ['2026-01'] })),
    until: Type.Optional(Type.Union([Type.String({ format: 'date-time' }), Type.Null()])),
    slug: Type.Optional(Type.Union([Type.String({ pattern: '^[a-z]+$' }), Type.Null()], { examples: ['shop'] })),
    code: Type.Optional(Type.String({ pattern: '^[0-9]{3}$' })),
    tier: Type.Optional(Type.String({ enum: ['basic', 'BASIC', 'pro', 'PRO'] })),
    id: Type.Optional(Type.String({ format: 'uuid' })),
    count: Type.Optional(Type.Integer()),
    file: Type.Optional(
      Type.Object({ fileName: Type.String() }, { additionalProperties: false, examples: [{ fileName: 'a.pdf' }] }),
    ),
  },
  { additionalProperties: false },
);
const validator = Compile(schema);
const issuesOf = (value: unknown) => readIssues(validator.Errors(value), 'body', schema);

it.each([
  [{ role: 'boss' }, 'body.role must be one of `owner`, `viewer`'],
  [{ month: '2026-11-01' }, 'body.month must match the pattern ^20[0-9]{2}-[01][0-9]$, such as `2026-01`'],
  [{ until: 'tomorrow' }, 'body.until must be a time such as `2026-01-15T10:30:00Z`'],
  [{ slug: 'A B' }, 'body.slug must match the pattern ^[a-z]+$, such as `shop`'],
  [{ code: 'x' }, 'body.code must match the pattern ^[0-9]{3}$'],
  [{ tier: 'gold' }, 'body.tier must be one of `basic`, `pro`'],
  [{ id: '7' }, 'body.id must be a UUID'],
  [{ count: 'many' }, 'body.count must be integer'],
  [{ foo: 1 }, 'body does not know `foo`'],
  [
    { instanceName: 'x', Session: 'y', Role_: 'z' },
    'body does not know `instanceName`, `Session`, `Role_` (here `role`)',
  ],
  [{ file: { fileName: 'a', filename: 'b' } }, 'body.file does not know `filename` (here `fileName`)'],
  [{ file: 'a.pdf' }, 'body.file must be object, such as `{"fileName":"a.pdf"}`'],
  [[], 'body must be object'],
])('%j: one issue that says what belongs there', (value, sentence) => {
  const issues = issuesOf(value);
  expect(issues).toHaveLength(1);
  expect(summarise(issues)).toBe(`The request is not valid: ${sentence}.`);
});

it('tells of at most ten, and in the sentence of three', () => {
  const value = { role: 1, month: 1, until: 1, slug: 1, code: 1, tier: 1, id: 1, count: 'x', foo: 1 };
  const issues = issuesOf(value);
  expect(issues.length).toBeLessThanOrEqual(10);
  expect(summarise(issues).split(';')).toHaveLength(3);
});

it('does without the schema', () => {
  const [issue] = readIssues(validator.Errors({ month: 'x' }), 'body');
  expect(issue!.message).toBe('must match the pattern ^20[0-9]{2}-[01][0-9]$');
});
