// Where the bundle begins. What this file imports is evaluated before its code: the repairs of Baileys have been made
// when the files with Baileys are read.
import './whatsapp/async-context/install.ts';
import './whatsapp/libsignal-silence.ts';
import './whatsapp/libsignal-queue.ts';
import { setFlagsFromString } from 'node:v8';

// Until `letYoungGenerationGrow`: what is read from here on stays, and would make V8 keep room for ever more.
setFlagsFromString('--semi-space-growth-factor=1');

await import('./main.ts');
