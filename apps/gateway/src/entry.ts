// Where the bundle begins.
import { setFlagsFromString } from 'node:v8';

// Until `letYoungGenerationGrow`: what is read from here on stays, and would make V8 keep room for ever more.
setFlagsFromString('--semi-space-growth-factor=1');

await import('./main.ts');
