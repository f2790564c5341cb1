/**
 * A reporter for vitest: the time of each test file, with its imports and hooks, as JSON in the file FILE_TIMES. The
 * JSON reporter of vitest measures only from the first test to the last, without the setup before.
 */
import { writeFileSync } from 'node:fs';

export const FILE_TIMES = 'WAG_TEST_FILE_TIMES';

export default class FileTimesReporter {
  /** @param {readonly import('vitest/node').TestModule[]} modules */
  onTestRunEnd(modules) {
    const path = process.env[FILE_TIMES];
    if (path === undefined) return;
    const files = modules.map((module) => {
      const { collectDuration, setupDuration, duration } = module.diagnostic();
      return { path: module.moduleId, ms: Math.round(collectDuration + setupDuration + duration) };
    });
    writeFileSync(path, JSON.stringify({ files }));
  }
}
