import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runDemo } from '../../demo.mjs';
import { findFreePort } from '../ports.mjs';
import { createProgress } from '../progress.mjs';
import { useTempDirs } from '../temp-dir.testing.ts';
import { FakeSystem } from './fake-system.testing.ts';

const tempDir = useTempDirs();
let system: FakeSystem;
let url: string;
let demoFile: string;

beforeEach(async () => {
  system = new FakeSystem();
  url = await system.start();
  demoFile = join(tempDir(), 'demo.json');
});
afterEach(() => system.stop());

/** Runs the demonstration once. Its webhook receiver is closed afterwards, as at the end of a launcher. */
async function run(): Promise<{ worked: boolean; output: string }> {
  const lines: string[] = [];
  const ending = new AbortController();
  try {
    const worked = await runDemo(
      {
        gatewayUrl: url,
        sandboxUrl: url,
        sandboxToken: undefined,
        demoFile,
        receiverPort: await findFreePort(),
        signal: ending.signal,
      },
      createProgress({ write: (text) => lines.push(text) }),
    );
    return { worked, output: lines.join('') };
  } finally {
    ending.abort();
  }
}

const steps = (output: string) => [...output.matchAll(/^ {2}ok {6} +[\d.]+ m?s {2}(.+)$/gm)].map(([, title]) => title);
const participants = () => JSON.parse(readFileSync(demoFile, 'utf8'));

test('shows each step with its time, the QR code, and what to try next', async () => {
  const { worked, output } = await run();
  expect(worked).toBe(true);
  expect(steps(output)).toEqual([
    expect.stringMatching(/^register a user/),
    expect.stringMatching(/^create a session/),
    'show the QR code',
    expect.stringMatching(/^the sandbox phone \d+ scans it/),
    'connected',
    expect.stringMatching(/^send events to http/),
    expect.stringMatching(/^send "hello" to \d+ with the session key/),
    'the phone has it',
    'the phone answers',
    'the answer arrives at the webhook, with a valid signature',
  ]);
  expect(output).toMatch(/█▀▀▀▀▀█|▄▄▄▄▄/);
  expect(output).toContain(`curl -X POST ${url}/api/sessions/${participants().sessionId}/send`);
  expect(output).toContain(`Authorization: Bearer ${participants().apiKey}`);
});

test('the second time the same session connects again, without a QR code', async () => {
  await run();
  const first = participants();
  const { output } = await run();
  expect(steps(output)[0]).toBe(`session ${first.sessionId} connects again, without a QR code`);
  expect(output).not.toContain('show the QR code');
  expect(system.scanned).toHaveLength(1);
  expect(participants()).toEqual(first);
});

test('a session that the gateway does not know any more is replaced, and that is said', async () => {
  await run();
  const first = participants();
  system.sessions.clear();
  const { worked, output } = await run();
  expect(worked).toBe(true);
  expect(output).toContain('a new session is made');
  expect(participants().sessionId).not.toBe(first.sessionId);
});

test('a webhook whose signature is wrong is a failure', async () => {
  system.signsWithWrongKey = true;
  await expect(run()).rejects.toThrow('The signature of the webhook is wrong');
});
