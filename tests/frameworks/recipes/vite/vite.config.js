// The tracer needs nothing but, for its worker entry, workers that are modules.
import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  worker: { format: 'es' },
  build: { target: 'es2022', rollupOptions: { input: ['main.js', 'strict.js'], output: { entryFileNames: '[name].js' } } },
});
