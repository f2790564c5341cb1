// Where the bundle begins. Imports of what is not in the bundle are evaluated before all that is: so the repairs of
// Baileys have been made before the part that imports it is read.
import './whatsapp/async-context/install.ts';
import './whatsapp/libsignal-silence.ts';
import './whatsapp/libsignal-queue.ts';

await import('./main.ts');
