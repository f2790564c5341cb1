import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { holdEngine } from '../../packages/kit/src/engine.ts';
import { AGAINST_BUILT, BUILT_FILES, builtFileOf } from './built-sources.mjs';
import { ROOT } from './paths.mjs';

const at = (path: string): string => join(ROOT, path);

describe('tests against built files', () => {
  it('read what they import from where it was built to', () => {
    expect(builtFileOf(at('packages/kit/src/engine.ts'))).toBe(at('packages/kit/dist/engine.js'));
    expect(builtFileOf(at('apps/gateway/src/jobs/webhooks/breaker.ts'))).toMatch(BUILT_FILES);
  });

  it('leave tests, what is not built, and what lies elsewhere to Vitest', () => {
    for (const path of [
      at('packages/kit/src/kit.test.ts'),
      at('packages/kit/src/not-there.ts'),
      at('apps/e2e/harness/checkout.ts'),
      '/elsewhere/packages/kit/src/engine.ts',
    ]) {
      expect(builtFileOf(path), path).toBeUndefined();
    }
  });

  it('do not find a built file whose source is gone', () => {
    const leftover = at('packages/kit/dist/leftover-of-a-test');
    onTestFinished(() => rmSync(leftover, { recursive: true, force: true }));
    mkdirSync(leftover, { recursive: true });
    writeFileSync(join(leftover, 'gone.js'), '');
    expect(builtFileOf(at('packages/kit/src/leftover-of-a-test/gone.ts'))).toBeUndefined();
  });

  it.runIf(process.env[AGAINST_BUILT])('are what runs here, with the lines of the sources in a failure', () => {
    // Vitest rewrites the imports of what it transforms.
    expect(String(holdEngine)).not.toContain('__vi_import');
  });
});
