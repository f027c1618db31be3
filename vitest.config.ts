import { defineConfig } from 'vitest/config';

const testTimeout = 30_000;

/**
 * By what they need: nothing, patience, something to look at it with (a terminal, a browser, Prometheus), a real nginx on this
 * host, or a Docker Engine. What is in test/edge runs in both of the last: nginx is that of the host, and that of the image.
 */
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: [
            '{settings,system,health,journal,metrics,report,certificates,watcher,dashboard,prober,app,cli,proof,bench,test}/**/*.test.ts',
          ],
          exclude: ['test/faults/**', 'test/edge/**', 'test/views/**', 'test/host/**', 'test/compose/**'],
          testTimeout,
        },
      },
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'views',
          include: ['test/views/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'host',
          include: ['test/host/**/*.test.ts', 'test/edge/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'compose',
          include: ['test/compose/**/*.test.ts', 'test/edge/**/*.test.ts'],
          globalSetup: 'test/edge-image.ts',
          testTimeout: 180_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
