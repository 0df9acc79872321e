// node e2e/tour.mjs ADDRESS FOLDER: pictures of every view of a running service, wide and narrow, light and dark, to be looked at.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DESKTOP, PHONE, withBrowser } from "./browser.mjs";

const [address, folder, only = ""] = process.argv.slice(2);
const SLOW = { timeout: 300_000 };
const PROMPT = "A professional product photo of red casual shoes, centered on white background, high quality";
mkdirSync(folder, { recursive: true });

async function fill(page, settings) {
  for (const [label, value] of Object.entries(settings)) await page.getByLabel(label, { exact: true }).fill(value);
}

async function tour(context, shot) {
  const page = context.pages()[0] ?? (await context.newPage());
  page.on("console", (m) => ["error", "warning"].includes(m.type()) && console.log(`console: ${m.text()}`));
  page.on("pageerror", (e) => console.log(`error: ${e.message}`));
  page.setDefaultTimeout(120_000);
  await page.goto(address);
  await page.getByText("Suggestions").waitFor();
  await shot(page, "1-empty");
  await page.getByText("Suggestions").click();
  await page.getByRole("button", { name: /^Model/ }).click();
  await shot(page, "2-suggestions-models");
  await page.keyboard.press("Escape");
  await page.getByText("Suggestions").click();

  await fill(page, { Prompt: "red" });
  await page.getByRole("button", { name: /^Generate/ }).click();
  await page.getByRole("alert").waitFor();
  await shot(page, "3-refused");

  await fill(page, { Prompt: PROMPT, Steps: "20", Images: "6", Seed: "2000" });
  await page.getByRole("button", { name: /^Generate/ }).click();
  await page.locator(".coming img").first().waitFor(SLOW);
  await shot(page, "4-painting");
  await page.getByRole("button", { name: "ZIP" }).waitFor(SLOW);
  await page.waitForTimeout(500);
  await shot(page, "5-painted");
  await page.getByRole("button", { name: "Favourite, seed 2001" }).click();
  await page.getByRole("button", { name: /^Look closer: seed 2001/ }).click();
  await page.waitForTimeout(500);
  await shot(page, "6-zoom");
  await page.getByRole("button", { name: "Close", exact: true }).click();

  await page.getByRole("link", { name: "Compare" }).click();
  await page.waitForTimeout(300);
  await shot(page, "7-compare-empty");
  await fill(page, { Seeds: "2", Seed: "2000" });
  await page.getByRole("button", { name: /^Compare \d/ }).click();
  await page.getByRole("button", { name: "ZIP" }).waitFor(SLOW);
  await page.getByRole("slider", { name: "Model shown" }).fill("4");
  await page.waitForTimeout(500);
  await shot(page, "8-compared");

  await page.getByRole("link", { name: "History" }).click();
  await page.getByRole("checkbox").nth(2).check();
  await page.waitForTimeout(800);
  await shot(page, "9-history");
  await page.getByRole("button", { name: /^Service:/ }).click();
  await shot(page, "10-health");
  await page.keyboard.press("Escape");
  await page.getByLabel("Search in prompts").fill("no such words");
  await page.getByText("No picture fits").waitFor();
  await shot(page, "11-nothing-found");
}

for (const [width, viewport] of Object.entries({ desktop: DESKTOP, phone: PHONE }))
  for (const colorScheme of ["light", "dark"]) {
    if (!`${width}-${colorScheme}`.includes(only)) continue;
    const shot = (page, name) => page.screenshot({ path: join(folder, `${width}-${colorScheme}-${name}.png`), fullPage: width === "phone" && /empty|refused/.test(name) });
    await withBrowser({ viewport, colorScheme, reducedMotion: "reduce", isMobile: width === "phone", hasTouch: width === "phone" }, (context) => tour(context, shot));
    console.log(`${width} ${colorScheme}`);
  }
