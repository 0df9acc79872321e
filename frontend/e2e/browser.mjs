// A headless Chromium that talks to nobody but the page it is shown.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { chromium } from "playwright-core";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];

export function findChromium() {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return process.env.CHROMIUM || NAMES.flatMap((n) => folders.map((f) => join(f, n))).find((p) => existsSync(p));
}

// `use` gets a browser context; its profile is new and is deleted afterwards.
export async function withBrowser(options, use) {
  const profile = mkdtempSync(join(tmpdir(), "page-"));
  const context = await chromium.launchPersistentContext(profile, { executablePath: findChromium(), headless: true, args: FLAGS, acceptDownloads: true, ...options });
  try {
    return await use(context);
  } finally {
    await context.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

export const DESKTOP = { width: 1280, height: 860 };
export const PHONE = { width: 390, height: 844 };
