import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { repositoryFile } from '../harness/repository.ts';
import type { System } from '../harness/system.ts';

const PROGRAM = fileURLToPath(repositoryFile('apps/gateway/bundle/wag.js'));

export interface WagResult {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command line of `wag` in a process of its own, as an operator does, with a minimal environment. */
export async function wag(
  args: readonly string[],
  env: Record<string, string | undefined>,
  input = '',
): Promise<WagResult> {
  const child = spawn(process.execPath, [PROGRAM, ...args], {
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '/', ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [out, err]: [string[], string[]] = [[], []];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
  // A command that reads nothing may have closed it.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { code, out: out.join(''), err: err.join('') };
}

/** As {@link wag}, with `--json`; @throws {Error} when the command fails */
export async function wagJson<T>(
  args: readonly string[],
  env: Record<string, string | undefined>,
  input = '',
): Promise<T> {
  const { code, out, err } = await wag([...args, '--json'], env, input);
  if (code !== 0) throw new Error(`wag ${args.join(' ')} ended with ${code}: ${err}${out}`);
  return JSON.parse(out) as T;
}

/** What an operator has in the environment beside a running system. */
export function operatorEnvironment(system: System): Record<string, string> {
  const { DATABASE_URL, REDIS_URL, WAG_MASTER_KEY } = system.process('gateway-1').spec.env;
  return {
    DATABASE_URL: DATABASE_URL!,
    REDIS_URL: REDIS_URL!,
    WAG_MASTER_KEY: WAG_MASTER_KEY!,
    WAG_API_URL: system.process('gateway-1').url,
  };
}
