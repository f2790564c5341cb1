#!/usr/bin/env node
import { runCli } from './run-cli.ts';

const { argv, env, stdin, stdout, stderr } = process;

process.exitCode = await runCli(argv.slice(2), {
  env,
  stdin,
  stdout: (text) => stdout.write(`${text}\n`),
  stderr: (text) => stderr.write(`${text}\n`),
});
// A standard input that stays open must not keep a finished command alive.
stdin.destroy();
