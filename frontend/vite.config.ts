import { defineConfig } from "vitest/config";

// The built page is package data: the same sources give the same bytes, and nothing in it is loaded from elsewhere.
export default defineConfig({
  base: "./",
  esbuild: { jsx: "automatic", legalComments: "none" },
  build: {
    outDir: process.env.PAGE_DIR ?? "../shoes_lora/data/page",
    emptyOutDir: true,
    target: "es2022",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    reportCompressedSize: false,
  },
  server: { proxy: { "/api": "http://127.0.0.1:8011", "/docs": "http://127.0.0.1:8011", "/openapi.json": "http://127.0.0.1:8011" } },
  test: { testTimeout: 40_000, environment: "happy-dom", environmentOptions: { happyDOM: { url: "http://localhost:8011/" } }, setupFiles: ["src/test/setup.ts"], include: ["src/**/*.test.{ts,tsx}"], pool: "threads", poolOptions: { threads: { singleThread: true } } },
});
