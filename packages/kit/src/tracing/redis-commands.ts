import type { Redis } from 'ioredis';
import { followed, isRecorded } from './tracing.ts';

type Commands = Record<string, (...args: unknown[]) => unknown>;

const BATCHES = ['pipeline', 'multi'];

/**
 * Makes each command of a client a span of the trace that asks. Where it is called, not where it is written: a client
 * writes the commands of one turn together, in the name of the first of them.
 */
export function traceCommands(redis: Redis): void {
  const commands = redis as unknown as Commands;
  const follow = (target: Commands, name: string, shown: string) => {
    const original = target[name];
    if (typeof original !== 'function') return;
    const attributes = { 'db.system.name': 'redis', 'db.operation.name': shown };
    target[name] = function (this: unknown, ...args) {
      // A pipeline takes the scripts of its client over, and is a span itself.
      if (this !== target || !isRecorded()) return original.apply(this, args);
      return followed(shown, attributes, () => original.apply(this, args));
    };
  };
  for (const name of redis.getBuiltinCommands()) {
    if (!BATCHES.includes(name)) follow(commands, name, name.toUpperCase());
  }
  // The scripts that are defined later.
  const define = redis.defineCommand.bind(redis);
  redis.defineCommand = (name, definition) => {
    define(name, definition);
    follow(commands, name, name);
  };
  for (const batch of BATCHES) {
    const open = commands[batch]!;
    commands[batch] = (...args) => {
      const opened = open.apply(redis, args);
      if (isRecorded() && typeof opened === 'object' && opened !== null && 'exec' in opened)
        follow(opened as Commands, 'exec', batch.toUpperCase());
      return opened;
    };
  }
}
