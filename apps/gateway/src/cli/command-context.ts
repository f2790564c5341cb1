import type { Pool } from '@wa-gate/db';
import type { Command } from 'commander';
import type { ApiClient } from './api-client.ts';

/** The surroundings of a command line. */
export interface CliContext {
  env: NodeJS.ProcessEnv;
  stdin: NodeJS.ReadableStream;
  stdout: (text: string) => void;
  stderr: (text: string) => void;
}

/** What a command works with. Nothing is opened before it is asked for. */
export interface CommandContext {
  env: NodeJS.ProcessEnv;
  /** The first line of standard input. */
  readLine: () => Promise<string>;
  say: (text: string) => void;
  /** For what goes on meanwhile; not part of the result. */
  note: (text: string) => void;
  /** @throws {ConfigError} */
  databaseUrl: () => string;
  /** @throws {ConfigError} */
  database: () => Pool;
  /** @throws {ConfigError} @throws {MasterKeyError} */
  masterKeys: () => Buffer[];
  /** The HTTP API, with a key of the scope admin. */
  api: () => Promise<ApiClient>;
}

/** Does its work; the result is the exit code, 0 unless it says otherwise. */
export type Action = (context: CommandContext) => Promise<number> | Promise<void>;

/** Registers commands. `run` takes what is to be done once the whole line is understood. */
export type Register = (program: Command, run: (action: Action) => void) => void;

const DEFAULT_PORT = '8000';

/** Where the gateway answers: `WAG_API_URL`, else this machine. */
export const apiUrlOf = (env: NodeJS.ProcessEnv): string =>
  (env.WAG_API_URL || `http://127.0.0.1:${env.PORT || DEFAULT_PORT}`).replace(/\/+$/, '');
