import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

/** As in `engine.ts`: V8 optimises early by Maglev there. */
const HAS_MAGLEV = Number.parseInt(process.versions.v8, 10) >= 13;
const ENGINE = fileURLToPath(new URL('../dist/engine.js', import.meta.url));

/** What a program of its own writes, as JSON. It has `holdEngine` and `releaseEngine`. */
async function run<T>(source: string, ...flags: string[]): Promise<T> {
  const program = `
    import { holdEngine, releaseEngine } from ${JSON.stringify(ENGINE)};
    ${source}`;
  const args = [...flags, '--input-type=module', '-e', program];
  const { stdout, stderr } = await promisify(execFile)(process.execPath, args);
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
}

it('the space for young objects stays small while a program is read, and grows under load afterwards', async () => {
  const { held, grown } = await run<{ held: number; grown: number }>(`
    import { getHeapSpaceStatistics } from 'node:v8';
    const kept = [];
    /** Some 20 MB of objects, all of which stay. Returns the megabytes of the space. */
    function keep() {
      for (let i = 0; i < 400_000; i++) kept.push({ i });
      return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 1_048_576;
    }
    holdEngine();
    const held = keep();
    releaseEngine();
    console.log(JSON.stringify({ held, grown: keep() }));
  `);
  expect(held).toBeLessThanOrEqual(2);
  expect(grown).toBeGreaterThanOrEqual(8);
});

it('nothing is optimised while a program is read, and afterwards what is hot is', async () => {
  const { held, released } = await run<{ held: boolean; released: boolean }>(
    `
    const sum = (numbers) => numbers.reduce((total, number) => total + number, 0);
    const numbers = Array.from({ length: 100 }, (_, index) => index);
    /** V8's bits of a function: 4 optimised, 5 by Maglev, 6 by TurboFan. */
    const isOptimised = () => (%GetOptimizationStatus(sum) & 0b1110000) !== 0;
    /** Turns of the event loop, because threads optimise. */
    async function work() {
      for (let turn = 0; turn < 200 && !isOptimised(); turn++) {
        for (let i = 0; i < 2_000; i++) sum(numbers);
        await new Promise(setImmediate);
      }
      return isOptimised();
    }
    holdEngine();
    const held = await work();
    releaseEngine();
    console.log(JSON.stringify({ held, released: await work() }));
  `,
    '--allow-natives-syntax',
  );
  expect({ held, released }).toEqual({ held: false, released: true });
});

it.skipIf(HAS_MAGLEV)('what runs now and then is optimised after fewer calls than by V8 itself', async () => {
  const { byItself, released } = await run<{ byItself: number; released: number }>(
    `
    /** Calls of a new function until TurboFan has optimised it, in steps of 100. */
    async function callsUntilOptimised() {
      const one = new Function('a', 'b', 'return a.x * b + a.y');
      const given = { x: 1, y: 2 };
      for (let calls = 100; calls < 100_000; calls += 100) {
        for (let i = 0; i < 100; i++) one(given, i);
        // Threads optimise, and the next call takes what they have made.
        await new Promise((resolve) => setTimeout(resolve, 2));
        one(given, 1);
        if ((%GetOptimizationStatus(one) & 0b1000000) !== 0) return calls;
      }
      return Infinity;
    }
    const byItself = await callsUntilOptimised();
    holdEngine();
    releaseEngine();
    console.log(JSON.stringify({ byItself, released: await callsUntilOptimised() }));
  `,
    '--allow-natives-syntax',
  );
  expect(released).toBeLessThan(byItself * 0.6);
  expect(byItself).toBeLessThan(50_000);
});
