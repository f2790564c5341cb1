import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { lockDirectory } from './directory-lock.ts';
import { FileJournal } from './journal.ts';

let directory: string;
const open: FileJournal[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wag-journal-'));
});
afterEach(() => {
  for (const journal of open.splice(0)) journal.close();
  rmSync(directory, { recursive: true });
});

function reopen(): FileJournal {
  for (const journal of open.splice(0)) journal.close();
  const journal = new FileJournal(directory);
  open.push(journal);
  return journal;
}

const put = (journal: FileJournal, key: string, value: string) => journal.touch(key, () => Buffer.from(value));
const read = (journal: FileJournal, key: string) => journal.read(key)?.toString() ?? null;
const file = () => join(directory, 'state.log');

describe('the journal', () => {
  test('finds again what was written, in its newest form, and not what was deleted', () => {
    const first = reopen();
    put(first, 'a/1', 'one');
    put(first, 'a/2', 'two');
    first.flush();
    put(first, 'a/1', 'one, later');
    first.touch('a/2', () => null);
    const second = reopen();
    expect(read(second, 'a/1')).toBe('one, later');
    expect(read(second, 'a/2')).toBeNull();
    expect(second.keys('a/')).toEqual(['a/1']);
  });

  test('writes a thing that changed often once, and one that came and went not at all', () => {
    const journal = reopen();
    for (let i = 0; i < 100; i++) put(journal, 'k', `value ${i}`);
    put(journal, 'gone', 'x');
    journal.touch('gone', () => null);
    journal.flush();
    expect(statSync(file()).size).toBeLessThan(40);
    expect(read(journal, 'k')).toBe('value 99');
  });

  test('tells spaces apart that share a prefix', () => {
    const journal = reopen();
    for (const key of ['queue/1/0/5', 'queue/1/1/6', 'queue/11/0/7', 'queue/x']) put(journal, key, key);
    journal.flush();
    expect(journal.keys('queue/1/0/')).toEqual(['queue/1/0/5']);
    expect(journal.keys('queue/')).toEqual(['queue/x']);
  });

  test('flushes by itself at the end of the turn', async () => {
    const journal = reopen();
    put(journal, 'k', 'v');
    await expect.poll(() => statSync(file()).size).toBeGreaterThan(0);
  });

  test('what waits for a flush runs when everything before it is in the file, at once when nothing is to be written', () => {
    const journal = reopen();
    const sizes: number[] = [];
    const note = () => sizes.push(statSync(file()).size);
    journal.afterFlush(note);
    put(journal, 'k', 'v');
    journal.afterFlush(note);
    expect(sizes).toEqual([0]);
    journal.flush();
    expect(sizes).toEqual([0, statSync(file()).size]);
    expect(sizes[1]).toBeGreaterThan(0);
  });

  test('a file cut off anywhere is read up to its last whole record, and written on from there', () => {
    const first = reopen();
    for (let i = 0; i < 20; i++) {
      put(first, `k/${i}`, `value ${i}`);
      first.flush();
    }
    open.splice(0)[0]!.close();
    const whole = readFileSync(file());
    for (let cut = 0; cut <= whole.length; cut += 7) {
      writeFileSync(file(), whole);
      truncateSync(file(), cut);
      const journal = reopen();
      const kept = journal.keys('k/').length;
      for (let i = 0; i < kept; i++) expect(read(journal, `k/${i}`)).toBe(`value ${i}`);
      put(journal, 'after', 'the cut');
      expect(read(reopen(), 'after')).toBe('the cut');
    }
  });

  test('nothing behind a damaged record is believed', () => {
    const first = reopen();
    put(first, 'good', 'yes');
    first.flush();
    const size = statSync(file()).size;
    put(first, 'bad', 'value');
    put(first, 'later', 'value');
    first.close();
    const bytes = readFileSync(file());
    bytes[size + 10]! ^= 0xff;
    writeFileSync(file(), bytes);
    const second = reopen();
    expect(read(second, 'good')).toBe('yes');
    expect(read(second, 'later')).toBeNull();
    expect(statSync(file()).size).toBe(size);
  });

  test('rewrites a file that is mostly garbage when it is opened, and loses nothing', () => {
    const first = reopen();
    put(first, 'stays', 'here');
    for (let i = 0; i < 300; i++) {
      put(first, 'changes', 'x'.repeat(10_000) + i);
      first.flush();
    }
    const second = reopen();
    expect(statSync(file()).size).toBeLessThan(20_000);
    expect(read(second, 'stays')).toBe('here');
    expect(read(second, 'changes')).toMatch(/x299$/);
    put(second, 'new', 'too');
    expect(read(reopen(), 'new')).toBe('too');
  });

  test('a half-written rewrite is ignored', () => {
    const first = reopen();
    put(first, 'k', 'v');
    first.flush();
    appendFileSync(`${file()}.new`, 'half');
    expect(read(reopen(), 'k')).toBe('v');
  });

  test('clear deletes everything', () => {
    const first = reopen();
    put(first, 'k', 'v');
    first.flush();
    first.clear();
    put(first, 'fresh', 'start');
    const second = reopen();
    expect(read(second, 'k')).toBeNull();
    expect(read(second, 'fresh')).toBe('start');
  });
});

describe('the directory lock', () => {
  test('keeps a second sandbox out while the first one lives', () => {
    const other = process.ppid;
    const stat = readFileSync(`/proc/${other}/stat`, 'utf8');
    const start = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    writeFileSync(join(directory, 'sandbox.lock'), JSON.stringify({ pid: other, start }));
    expect(() => lockDirectory(directory)).toThrow(`in use by another sandbox (process ${other})`);
  });

  test('takes over what a dead sandbox, or another process under its number, left behind', () => {
    for (const left of ['{"pid":999999999,"start":"1"}', `{"pid":${process.ppid},"start":"1"}`, '{"pi']) {
      writeFileSync(join(directory, 'sandbox.lock'), left);
      lockDirectory(directory)();
    }
  });
});
