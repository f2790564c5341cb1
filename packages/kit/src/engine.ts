import { setFlagsFromString } from 'node:v8';

/** V8 with Maglev, which is on by itself then: Node 24 has 13.6, Node 20 11.3. */
const HAS_MAGLEV = Number.parseInt(process.versions.v8, 10) >= 13;

const WHILE_READ = [
  // V8 doubles the space for young objects, from 2 MB to 32 or 64, while most of what is made survives. Of a program
  // that is being read nearly everything survives, and V8 gives the space back only after a long rest.
  '--semi-space-growth-factor=1',
  // What optimises has up to 16 MB in a thread of its own, which its allocator keeps. Most of a start runs once.
  '--no-opt',
  ...(HAS_MAGLEV ? ['--no-maglev'] : []),
];

/**
 * undici parses HTTP with one large function of WebAssembly, and V8 counts its size at each turn of its loop: some
 * sixty answers make V8 optimise it, which takes 23 MB in a thread and 0.1 s. With this it takes three hundred, which a
 * process at rest does not get and a busy one gets in a second.
 */
const FOR_GOOD = ['--wasm-tiering-budget=1000000000'];

/**
 * V8 optimises a function after a budget of executed bytecode, 67 584 by itself. What runs some times a message then
 * runs unoptimised for thousands of messages. Maglev, where V8 has it, is there for that time.
 */
const SOONER = '--interrupt-budget=20000';

/** What V8 does by itself, and sooner where it has no Maglev. */
const AFTERWARDS = ['--semi-space-growth-factor=2', '--opt', HAS_MAGLEV ? '--maglev' : SOONER];

/** For the beginning of a program: V8 takes as little memory as it can, until {@link releaseEngine}. */
export function holdEngine(): void {
  for (const flag of [...WHILE_READ, ...FOR_GOOD]) setFlagsFromString(flag);
}

/** When the program is ready: V8 grows and optimises, which suits load. */
export function releaseEngine(): void {
  for (const flag of AFTERWARDS) setFlagsFromString(flag);
}
