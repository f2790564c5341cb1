import { afterAll, afterEach } from 'vitest';
import { Installation, removeCache } from './installation.ts';

/** Makes installations for one test file. Each is stopped and removed after its test, also after a failure. */
export function useInstallations(): () => Installation {
  const made: Installation[] = [];
  afterEach(async () => {
    for (const installation of made.splice(0)) await installation.remove();
  });
  afterAll(removeCache);
  return () => {
    const installation = new Installation();
    made.push(installation);
    return installation;
  };
}
