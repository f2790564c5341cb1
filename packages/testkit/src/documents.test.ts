import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

/** Tests of comments and pages: what they cite must be in the tree. */

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], {
  cwd: ROOT,
  encoding: 'utf8',
  maxBuffer: 16 * 1024 * 1024,
})
  .split('\n')
  .filter((path) => path !== '' && existsSync(join(ROOT, path)));
const texts = tracked
  .filter((path) => /\.(ts|mjs|md|prisma|sql|ya?ml|json)$/.test(path))
  // Excludes migrations, which never change once applied, and generated files.
  .filter((path) => !/^prisma\/migrations\/|^pnpm-lock\.yaml$|openapi\.json$/.test(path))
  .filter((path) => path !== 'packages/testkit/src/documents.test.ts')
  .map((path) => ({ path, text: readFileSync(join(ROOT, path), 'utf8') }));
const pages = texts.filter(({ path }) => path.endsWith('.md'));

/** Names of documents outside of the tree. */
const OUTSIDE =
  /\bDESIGN(?:\.md|\s+\d|\b(?=\W*section))|\b(?:FENCE|API|STYLE|STRUCTURE|FIELD|SURPRISES|MISSION-ROWS|TOOLCHAIN(?:-2)?|WHATSAPP-PROTOCOL)\.md\b|\bFENCE [A-E]\b|\bSURPRISES? S?\d|\bWHATSAPP-PROTOCOL\b|\bTOOLCHAIN\b|[Bb]rief S[04]\b|\bissue \d+\b/;

/** A path to a page in a sentence, a link or a comment. */
const PAGE = /(?<![\w*{}/.-])((?:\.{1,2}\/)*[\w@-]+(?:[/.][\w@.-]+)*\.md)\b/g;
/** Paths that a test writes down as examples. */
const EXAMPLES = new Set(['/a/src/README.md']);

function isThere(from: string, cited: string): boolean {
  const places = [ROOT, join(ROOT, dirname(from)), join(ROOT, 'docs')];
  // A package's README is named from its sources.
  for (let folder = dirname(from); folder !== '.'; folder = dirname(folder)) places.push(join(ROOT, folder));
  return places.some((place) => existsSync(resolve(place, cited)));
}

/** JSDoc tags with types may exceed the limit, because they cannot be wrapped. */
const isLongComment = (line: string): boolean => line.length > 120 && /^\s*(\/\*\*|\*|\/\/) (?!@\w+ \{)/.test(line);

describe('documents', () => {
  test('nothing cites a document that is not in the tree', () => {
    const cited = texts.flatMap(({ path, text }) =>
      text
        .split('\n')
        .flatMap((line, index) => (OUTSIDE.test(line) ? [`${path}:${index + 1} ${line.trim().slice(0, 80)}`] : [])),
    );
    expect(cited).toEqual([]);
  });

  test('comments have lines of at most 120 characters', () => {
    const sources = texts.filter(({ path }) => /\.(ts|mjs)$/.test(path));
    const long = sources.flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, index) => (isLongComment(line) ? [`${path}:${index + 1}`] : [])),
    );
    expect(long).toEqual([]);
  });

  test('every page that is named exists', () => {
    const missing = texts.flatMap(({ path, text }) =>
      [...text.matchAll(PAGE)]
        .map(([, name = '']) => name)
        .filter((name) => !EXAMPLES.has(name) && !isThere(path, name))
        .map((name) => `${path} names ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('every link of a page leads to a file', () => {
    const missing = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)]
        .map(([, target = '']) => target)
        .filter((target) => !/^[a-z]+:/.test(target) && !existsSync(join(ROOT, dirname(path), target)))
        .map((target) => `${path} links to ${target}`),
    );
    expect(missing).toEqual([]);
  });

  test('every path of the sources that a decision, the architecture or CONTRIBUTING names exists', () => {
    const guides = pages.filter(({ path }) => /^docs\/(decisions\/|architecture)|^CONTRIBUTING/.test(path));
    expect(guides.length).toBeGreaterThan(20);
    const missing = guides.flatMap(({ path, text }) =>
      [...text.matchAll(/`((?:apps|packages|scripts|prisma|docs)\/[\w@./-]+)`/g)]
        .map(([, name = '']) => name)
        .filter((name) => !existsSync(join(ROOT, name)))
        .map((name) => `${path} names ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('the index of the decisions lists each page, and numbers are given once', () => {
    const decisions = pages
      .filter(({ path }) => /^docs\/decisions\/\d{4}-/.test(path))
      .map(({ path }) => path.slice(15));
    const index = readFileSync(join(ROOT, 'docs/decisions/README.md'), 'utf8');
    expect(decisions.filter((name) => !index.includes(`(${name})`))).toEqual([]);
    expect(new Set(decisions.map((name) => name.slice(0, 4))).size).toBe(decisions.length);
  });
});

describe('the mission ledger', () => {
  const ledger = readFileSync(join(ROOT, 'docs/mission.md'), 'utf8');
  const rows = ledger.split('\n').filter((line) => line.startsWith('| MR-'));
  /** `MR-029, 030, 031` is three rows. */
  const numbersOf = (line: string): number[] =>
    (/^\| MR-(\d{3}(?:, \d{3})*)/.exec(line)?.[1] ?? '').split(', ').map(Number);

  test('has each of MR-001 to MR-200 once', () => {
    const numbers = rows.flatMap(numbersOf).sort((a, b) => a - b);
    expect(numbers).toEqual(Array.from({ length: 200 }, (_, index) => index + 1));
  });

  test('gives each row a state', () => {
    const states = rows.filter((line) => !/^(done|part|not built|measured)/.test((line.split(' | ')[1] ?? '').trim()));
    expect(states).toEqual([]);
  });

  test('names tests that exist', () => {
    const short: Record<string, string> = { gw: 'apps/gateway/src', wk: 'apps/worker/src', e2e: 'apps/e2e' };
    const missing = rows.flatMap((line) => {
      const cell = line.split(' | ')[3] ?? '';
      return [...cell.matchAll(/`([\w./-]+)`/g)]
        .map(([, name = '']) => name.replace(/^(gw|wk|e2e)\//, (_, app: string) => `${short[app]}/`))
        .filter((name) => /[./]/.test(name) && !tracked.some((path) => path === name || path.startsWith(`${name}/`)))
        .filter((name) => !tracked.some((path) => path.endsWith(`/${name}`)))
        .map((name) => `${line.slice(2, 8)}: ${name}`);
    });
    expect(missing).toEqual([]);
  });

  test('a row that is done or part names where it is, and what shows it', () => {
    const empty = rows.filter((line) => {
      const [, state = '', , shown = ''] = line.split(' | ');
      return /^(done|part)/.test(state.trim()) && shown.replace(/[|\s]/g, '') === '';
    });
    expect(empty).toEqual([]);
  });
});
