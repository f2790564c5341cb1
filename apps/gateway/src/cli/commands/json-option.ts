import { Option } from 'commander';
import type { CommandContext } from '../command-context.ts';

export interface JsonOption {
  json?: boolean;
}

/** `--json`: the result as one JSON document instead of a table. */
export const jsonOption = (): Option => new Option('--json', 'print JSON');

/** Prints a result: JSON for programs, text for people. */
export function present({ say }: CommandContext, { json }: JsonOption, result: unknown, text: () => string): void {
  say(json ? JSON.stringify(result, null, 2) : text());
}
