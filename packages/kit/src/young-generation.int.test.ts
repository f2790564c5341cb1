import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const KIT = fileURLToPath(new URL('../dist/young-generation.js', import.meta.url));

it('the space for young objects stays small while a program is read, and grows under load afterwards', async () => {
  const source = `
    import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8';
    import { letYoungGenerationGrow } from ${JSON.stringify(KIT)};
    const kept = [];
    /** Some 20 MB of objects, all of which stay. Returns the megabytes of the space. */
    function keep() {
      for (let i = 0; i < 400_000; i++) kept.push({ i });
      return getHeapSpaceStatistics().find(({ space_name }) => space_name === 'new_space').space_size / 1_048_576;
    }
    setFlagsFromString('--semi-space-growth-factor=1');
    const held = keep();
    letYoungGenerationGrow();
    console.log(JSON.stringify({ held, grown: keep() }));
  `;
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--input-type=module', '-e', source]);
  expect(stderr).toBe('');
  const { held, grown } = JSON.parse(stdout) as { held: number; grown: number };
  expect(held).toBeLessThanOrEqual(2);
  expect(grown).toBeGreaterThanOrEqual(8);
});
