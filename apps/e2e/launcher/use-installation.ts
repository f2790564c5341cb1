import { afterAll, afterEach } from 'vitest';
import { Installation, removeCache } from './installation.ts';

/** Installations of one test file; each is stopped and removed after its test, whatever happened. */
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
