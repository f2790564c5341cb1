import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ENTRY = fileURLToPath(new URL('../bundle/main.js', import.meta.url));

it.each([
  [{ LOG_LEVEL: 'loud' }, /^sandbox: The environment is not valid: LOG_LEVEL must be [^\n]+\n$/],
  [{ SANDBOX_PORT: 'x' }, /^sandbox: The environment is not valid: SANDBOX_PORT must be integer\.\n$/],
])('refuses %j at the start in one sentence (MR-176)', async (env, sentence) => {
  const child = spawn(process.execPath, [ENTRY], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  const closed = once(child, 'close');
  expect(await text(child.stderr)).toMatch(sentence);
  expect((await closed)[0]).toBe(1);
});
