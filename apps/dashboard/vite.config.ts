import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { compressed } from './build/compressed.ts';

/** For `npm run dev`: the gateway whose API the pages use. */
const gateway = process.env.GATEWAY_URL ?? 'http://127.0.0.1:8000';

export default defineConfig(({ command }) => ({
  // Addresses of files are relative to `<base>`, which the gateway writes for the path that it is reached by.
  base: command === 'build' ? './' : '/',
  plugins: [react(), compressed()],
  build: {
    target: 'es2023',
    // The policy of the pages refuses `data:` in styles.
    assetsInlineLimit: 0,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 700,
    modulePreload: { polyfill: false },
    // Of the libraries in the files: they go into the images with them.
    license: { fileName: 'licences.txt' },
  },
  server: { proxy: { '/api': { target: gateway, changeOrigin: false } } },
}));
