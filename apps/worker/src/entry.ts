// Where the bundle begins. What this file imports is evaluated before its code: the repairs of Baileys have been made
// when the files with Baileys are read.
import './whatsapp/async-context/install.ts';
import './whatsapp/libsignal-silence.ts';
import './whatsapp/libsignal-queue.ts';
import './whatsapp/libsignal-curve.ts';
import { holdEngine } from '@wa-gate/kit/engine';

// Until `releaseEngine`.
holdEngine();

await import('./main.ts');
