import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { columnsOf, readCsvFile } from './csv-file.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'wag-csv-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function read(content: string | Buffer) {
  const path = join(folder, 'table.csv');
  await writeFile(path, content);
  const rows = [];
  for await (const row of readCsvFile(path)) rows.push(row);
  return rows;
}
const fields = async (content: string | Buffer) =>
  (await read(content)).map((row) => row.fields ?? [row.line, row.reason]);

const TABLE = [
  ['phone', 'name'],
  ['+62811', 'Ann'],
  ['+62822', 'Ben'],
];

describe('tables as spreadsheets write them (MR-041)', () => {
  it.each([
    ['commas', 'phone,name\n+62811,Ann\n+62822,Ben\n'],
    ['semicolons', 'phone;name\n+62811;Ann\n+62822;Ben\n'],
    ['tabs', 'phone\tname\n+62811\tAnn\n+62822\tBen'],
    ['a byte order mark', '\ufeffphone,name\n+62811,Ann\n+62822,Ben\n'],
    ['a line for Excel', 'sep=;\r\nphone;name\r\n+62811;Ann\r\n+62822;Ben\r\n'],
    ['a byte order mark and a line for Excel', '\ufeffsep=,\nphone,name\n+62811,Ann\n+62822,Ben\n'],
    ['line ends of three kinds', 'phone,name\r\n+62811,Ann\n+62822,Ben\r'],
    ['empty lines', 'phone,name\n\n+62811,Ann\n\n\n+62822,Ben\n\n'],
    ['quotes', '"phone","name"\n"+62811","Ann"\n+62822,"Ben"\n'],
    ['UTF-16', Buffer.from('\ufeffphone\tname\r\n+62811\tAnn\r\n+62822\tBen\r\n', 'utf16le')],
  ])('are read with %s', async (_what, content) => {
    expect(await fields(content)).toEqual(TABLE);
  });

  it('a name in the code page of Windows is read', async () => {
    const content = Buffer.concat([Buffer.from('phone;name\n+62811;J'), Buffer.from([0xfc]), Buffer.from('rgen\n')]);
    expect((await fields(content))[1]).toEqual(['+62811', 'Jürgen']);
  });

  it('line breaks and delimiters inside quotes are text, and lines are counted as in an editor', async () => {
    const rows = await read('phone,note\n+62811,"two\nlines, and a comma"\n+62822,x\n');
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 4]);
    expect(rows[1]).toMatchObject({ fields: ['+62811', 'two\nlines, and a comma'] });
  });

  it('a stray character behind a closing quote spoils its own field only', async () => {
    const rows = await read('phone,name\n+62811,"Ann"x\n+62822,Ben\n');
    expect(rows.map(({ line }) => line)).toEqual([1, 2, 3]);
    expect(rows[2]).toMatchObject({ fields: ['+62822', 'Ben'] });
  });

  it('rows with too few and too many fields are rows', async () => {
    expect(await fields('phone,name\n+62811\n+62822,Ben,more\n')).toEqual([
      ['phone', 'name'],
      ['+62811'],
      ['+62822', 'Ben', 'more'],
    ]);
  });

  it('a quote that is never closed is told, and what came before it is kept', async () => {
    const rows = await read('phone,name\n+62811,Ann\n+62822,"Ben\n+62833,Cid\n');
    expect(rows.slice(0, 2)).toMatchObject([{ line: 1 }, { line: 2, fields: ['+62811', 'Ann'] }]);
    expect(rows.at(-1)!.reason).toContain('never closed');
  });

  it('a decimal comma is no delimiter in a table of semicolons', async () => {
    expect((await fields('phone;amount\n+62811;1,50\n'))[1]).toEqual(['+62811', '1,50']);
  });
});

describe('the columns of a table', () => {
  const isNumber = (text: string) => /^\+\d+$/.test(text);
  it.each([
    [['Phone Number', 'Full name', 'Order'], { number: 0, name: 1, others: [{ name: 'Order', index: 2 }] }],
    [['nama', 'No. HP'.replace('. ', '_'), 'kota'], { number: 1, name: 0, others: [{ name: 'kota', index: 2 }] }],
    [['+62811', 'Ann'], { number: 0, name: 1, isHeaderless: true }],
    [['+62811'], { number: 0, name: -1, isHeaderless: true }],
  ])('%j', (header, expected) => {
    expect(columnsOf(header, isNumber)).toMatchObject(expected);
  });
  it('are none where neither a name nor a number is', () => {
    expect(columnsOf(['a', 'b'], isNumber)).toBeUndefined();
  });
});
