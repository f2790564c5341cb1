import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { capLog, followLog, lastWords, rotateLog } from './logs.mjs';
import { useTempDirs } from './temp-dir.testing.ts';

const tempDir = useTempDirs();

describe('the last words of a process', () => {
  const wordsOf = (content: string) => {
    const path = join(tempDir(), 'service.log');
    writeFileSync(path, content);
    return lastWords(path);
  };

  test.each([
    { info: 30, fatal: 60 },
    { info: 'info', fatal: 'fatal' },
  ])('are its last error, with the cause, when it logs as JSON with levels like %j', ({ info, fatal }) => {
    const lines = [
      { level: info, msg: 'starting' },
      { level: fatal, msg: 'cannot start', err: { message: 'the master key is another one' } },
      { level: info, msg: 'closed' },
    ];
    expect(wordsOf(lines.map((line) => JSON.stringify(line)).join('\n'))).toEqual([
      'cannot start: the master key is another one',
    ]);
  });

  test('are its last plain lines otherwise, such as a stack trace behind JSON', () => {
    expect(wordsOf('{"level":30,"msg":"up"}\nError: boom\n    at main.js:1\n\n')).toEqual([
      'Error: boom',
      '    at main.js:1',
    ]);
  });

  test('are the beginning of a long stack trace', () => {
    const trace = [
      "Error: Cannot find module 'x'",
      ...Array.from({ length: 9 }, (_, i) => `    at step ${i}`),
      '',
      'Node.js v20',
    ];
    expect(wordsOf(trace.join('\n'))[0]).toBe("Error: Cannot find module 'x'");
  });

  test('are none when it logged no error, or only one long ago: neither is about its end', () => {
    const longAgo = new Date(Date.now() - 3_600_000).toISOString();
    expect(wordsOf(`{"level":"error","time":"${longAgo}","msg":"old"}\n{"level":"info","msg":"two"}\n`)).toEqual([]);
  });

  test('are none when it never wrote', () => {
    expect(lastWords(join(tempDir(), 'absent.log'))).toEqual([]);
  });
});

test('a new start begins a new file and keeps the previous one', () => {
  const path = join(tempDir(), 'service.log');
  for (const content of ['first', 'second']) {
    rotateLog(path);
    writeFileSync(path, content);
  }
  rotateLog(path);
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('second');
});

test('a file that got too long is cut while its writer goes on appending', () => {
  const path = join(tempDir(), 'service.log');
  appendFileSync(path, 'x'.repeat(100));
  capLog(path, 100);
  expect(statSync(path).size).toBe(100);
  appendFileSync(path, 'y');
  capLog(path, 100);
  appendFileSync(path, 'z');
  expect([readFileSync(path, 'utf8'), statSync(`${path}.1`).size]).toEqual(['z', 101]);
});

test('a followed file gives each line once, over a rotation too', async () => {
  const path = join(tempDir(), 'service.log');
  const lines: string[] = [];
  const stop = followLog(path, (line) => lines.push(line));
  appendFileSync(path, 'one\ntw');
  while (lines.length < 1) await sleep(10);
  appendFileSync(path, 'o\n');
  while (lines.length < 2) await sleep(10);
  rotateLog(path);
  writeFileSync(path, 'a\n');
  stop();
  expect(lines).toEqual(['one', 'two', 'a']);
});
