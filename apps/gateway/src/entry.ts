// Where the bundle begins.
import { holdEngine } from '@wa-gate/kit/engine';

// Until `releaseEngine`.
holdEngine();

await import('./main.ts');
