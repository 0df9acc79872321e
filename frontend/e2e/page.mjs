// node e2e/page.mjs ADDRESS: uses the page of a live service as a person would, in a real Chromium.
// Each check writes a line `ok NAME` or `no NAME: why`. Where the service must stop or start, the script asks for it
// with a line `service: stop|start|lock TOKEN` and waits for a line in return; whoever started the service started this script.
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import axe from "axe-core";
import { DESKTOP, PHONE, withBrowser } from "./browser.mjs";

const address = process.argv[2];
const only = process.argv[3] ?? "";
const PROMPT = "A professional product photo of brown leather casual shoes on white background";
const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const service = async (what) => {
  console.log(`service: ${what}`);
  const { value = "" } = await input.next();
  if (!value.startsWith("done")) throw new Error(`the service: ${value}`);
};

function assert(what, words) {
  if (!what) throw new Error(words);
}
const same = (a, b, words) => assert(JSON.stringify(a) === JSON.stringify(b), `${words}: ${JSON.stringify(a)} instead of ${JSON.stringify(b)}`);

const api = async (path, body) => {
  const answer = await fetch(new URL(path, address), body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });
  return answer.json();
};
const open = async (page, view = "generate") => {
  await page.goto(`${address}#/${view}`);
  await page.getByRole("button", { name: "Service: Ready" }).waitFor();
};
// Numbers are typed key by key, as a person does it: `fill` would put them there in one piece, and hide what happens on the way.
const write = async (field, value) => {
  await field.press("ControlOrMeta+a");
  await field.press("Delete");
  await field.pressSequentially(String(value));
};
const fill = async (page, settings) => {
  for (const [label, value] of Object.entries(settings)) {
    const field = page.getByLabel(label, { exact: true });
    await (typeof value === "number" ? write(field, value) : field.fill(value));
  }
};
const small = (page) => page.getByLabel("Size").selectOption("32");
const pick = async (page, name) => {
  await page.getByRole("button", { name: /^Model/ }).click();
  await page.getByRole("radio", { name }).first().click(); // which closes the list
  await page.getByRole("radio").first().waitFor({ state: "detached" });
};
const generate = (page) => page.getByRole("button", { name: /^Generate/ }).click();
const finished = (page) => page.getByRole("button", { name: "ZIP" }).waitFor();
const cards = (page) => page.getByRole("list", { name: "Painted pictures" }).getByRole("listitem");
// What the browser complains of, other than what the checks themselves bring about.
const complaints = [];
const complained = async (page, pattern) => {
  for (let i = 0; !complaints.some((c) => pattern.test(c)); i++) assert(i < 200, `no complaint like ${pattern}`), await page.waitForTimeout(50);
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !pattern.test(c)));
};
const axeFinds = async (page) => {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => axe.run(document, { resultTypes: ["violations"] }));
  return violations.map((v) => `${v.id} ${v.nodes.map((n) => n.target).join(" ")}`);
};
const running = async () => (await api("api/health")).queue.running;

const checks = {
  async "generate with progress and previews"(page) {
    await open(page);
    await page.getByText("Suggestions").click();
    await page.getByRole("button", { name: "Material" }).click();
    await page.getByRole("list", { name: "Suggestions: Material" }).getByRole("button").first().click();
    assert((await page.getByLabel("Prompt", { exact: true }).inputValue()).includes("leather"), "a suggestion becomes the prompt");
    await fill(page, { Prompt: PROMPT, Images: 3, Steps: 60, Seed: 100 });
    await small(page);
    await pick(page, /checkpoint-1000/);
    await generate(page);
    await page.getByText(/^Step \d+ of \d+/).waitFor();
    await page.locator(".coming img").first().waitFor();
    await finished(page);
    same(await cards(page).locator(".card-facts").allInnerTexts(), ["seed 100", "seed 101", "seed 102"], "places");
    same(await cards(page).locator("img").evaluateAll((all) => Promise.all(all.map((i) => i.decode().then(() => i.naturalWidth)))), [32, 32, 32], "painted");
  },

  async "zoom, metadata, copy, one download"(page) {
    await open(page);
    await page.getByRole("button", { name: /^Look closer: seed 100/ }).click();
    const dialog = page.getByRole("dialog");
    await page.keyboard.press("ArrowRight");
    await dialog.getByText("2 of 3").waitFor();
    assert((await dialog.innerText()).includes("checkpoint-1000"), "the metadata say the model");
    await dialog.getByRole("button", { name: "Copy settings" }).click();
    const copied = JSON.parse(await page.evaluate(() => navigator.clipboard.readText()));
    same([copied.seed, copied.prompt, copied.size, copied.num_inference_steps], [101, PROMPT, 32, 60], "copied");
    const [png] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("link", { name: "PNG" }).click()]);
    const bytes = readFileSync(await png.path());
    assert(bytes.subarray(1, 4).toString() === "PNG" && bytes.includes("leather"), "a PNG that carries its settings");
    assert(/checkpoint-1000_seed101.*\.png$/.test(png.suggestedFilename()), png.suggestedFilename());
    const [json] = await Promise.all([page.waitForEvent("download"), dialog.getByRole("button", { name: "Metadata" }).click()]);
    same(JSON.parse(readFileSync(await json.path(), "utf8")).seed, 101, "metadata");
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert((await page.evaluate(() => document.activeElement?.getAttribute("aria-label") ?? "")).startsWith("Look closer"), "the focus is back at a picture");
  },

  async "download all as zip"(page) {
    await open(page);
    const [zip] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "ZIP" }).click()]);
    const bytes = readFileSync(await zip.path()).toString("latin1");
    const names = [...bytes.matchAll(/PK\x01\x02[^]{24}([^]{2})[^]{16}/g)].map((m) => bytes.slice(m.index + 46, m.index + 46 + m[1].charCodeAt(0)));
    same([zip.suggestedFilename(), names.length, names.filter((n) => n.endsWith(".png")).length], ["pictures.zip", 4, 3], `zip of ${names}`);
  },

  async "the same seed paints the same picture; a round without lock draws a new one"(page) {
    await open(page);
    const look = (seed) => page.getByRole("button", { name: new RegExp(`^Look closer: seed ${seed},`) });
    const pixels = () =>
      page.locator(".card img").first().evaluate(async (img) => {
        await img.decode();
        const canvas = Object.assign(document.createElement("canvas"), { width: img.naturalWidth, height: img.naturalHeight }).getContext("2d");
        canvas.drawImage(img, 0, 0);
        return [...canvas.getImageData(0, 0, img.naturalWidth, img.naturalHeight).data];
      });
    await look(100).click();
    await page.getByRole("button", { name: "Use these settings" }).click();
    same([await page.getByLabel("Seed", { exact: true }).inputValue(), await page.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed")], ["100", "true"], "taken over");
    const before = await pixels();
    await generate(page);
    await page.getByText("Painting…").waitFor();
    await finished(page);
    same(await cards(page).count(), 1, "one picture");
    const after = await pixels();
    // Alone and in company sums are rounded in another order: one level of 255.
    assert(after.length === before.length && after.every((v, i) => Math.abs(v - before[i]) <= 2), "another picture");
    await page.getByRole("button", { name: "Keep this seed" }).click();
    await fill(page, { Steps: 10 });
    await generate(page);
    await page.getByText("Painting…").waitFor();
    await finished(page);
    assert((await cards(page).innerText()) !== "seed 100", "another seed");
  },

  async "numbers are what is typed"(page) {
    await open(page);
    const field = (label) => page.getByLabel(label, { exact: true });
    await fill(page, { Prompt: PROMPT, Images: 1, Steps: 25 });
    await field("Steps").press("End");
    for (const key of ["Backspace", "Backspace"]) await page.keyboard.press(key);
    same(await field("Steps").inputValue(), "", "an emptied box");
    await page.keyboard.type("30");
    await fill(page, { "Adapter weight": -0.75, Guidance: 7.25, Seed: 7 });
    await page.keyboard.press("Control+Enter");
    await page.getByText("Painting…").waitFor();
    await finished(page);
    const { seed, metadata: m } = (await api("api/samples?limit=1")).samples[0];
    same([seed, m.steps, m.adapter_weight, m.guidance_scale], [7, 30, -0.75, 7.25], "painted with");
    for (const [typed, then] of [["", "30"], ["7", "10"], ["230", "100"], ["-", "30"]]) {
      await fill(page, { Steps: 30 });
      await field("Guidance").focus();
      await write(field("Steps"), typed);
      await field("Guidance").focus();
      same([typed, await field("Steps").inputValue()], [typed, then], "after the box was left");
    }
    await fill(page, { Seed: 41 });
    await field("Guidance").focus();
    await write(field("Seed"), "");
    same(await page.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed"), "false", "an emptied seed is not kept");
    await field("Guidance").focus();
    same(await field("Seed").inputValue(), "41", "the seed is shown again");
    await fill(page, { "Adapter weight": 1, Guidance: 7.5, Steps: 10 });
  },

  async "cancel"(page) {
    await open(page);
    await fill(page, { Images: 10, Steps: 100 });
    await generate(page);
    await page.getByText(/^Step \d/).waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText(/· cancelled/).waitFor();
    for (let i = 0; (await running()) > 0; i++) assert(i < 100, "the service still paints"), await page.waitForTimeout(50);
    await page.getByRole("button", { name: /^Generate/ }).waitFor();
  },

  async "a refused field is named and has the focus"(page) {
    await open(page);
    await fill(page, { Prompt: "red" });
    await generate(page);
    assert((await page.getByRole("alert").innerText()).startsWith("Prompt:"), "the alert names the field");
    same(await page.evaluate(() => [document.activeElement?.getAttribute("name"), document.activeElement?.getAttribute("aria-invalid")]), ["prompt", "true"], "focus");
    await fill(page, { Prompt: PROMPT, Steps: 7 });
    await page.keyboard.press("Control+Enter");
    await page.getByText(/^Steps:/).waitFor();
    await fill(page, { Steps: 10 });
  },

  async "compare checkpoints, with a slider through the steps"(page) {
    await open(page, "compare");
    await fill(page, { Prompt: PROMPT, Seeds: 2, Seed: 300, Steps: 10 });
    await small(page);
    await page.getByRole("button", { name: "Compare 4 models" }).click();
    await finished(page);
    same(await page.getByRole("columnheader").count(), 4, "columns");
    const sources = await page.locator(".side img").evaluateAll((all) => Promise.all(all.map(async (i) => [...new Uint8Array(await crypto.subtle.digest("SHA-256", await (await fetch(i.src)).arrayBuffer()))].join())));
    same([sources.length, new Set(sources).size], [8, 8], "every model and seed has its own picture");
    const slider = page.getByRole("slider", { name: "Model shown" });
    const seen = async () => (await page.locator(".stage img.shown").getAttribute("alt")).split(":")[0];
    await slider.focus();
    const names = [await seen()];
    for (const _ of [1, 2, 3]) await page.keyboard.press("ArrowRight"), names.push(await seen());
    same(names, ["Base", "checkpoint-500", "checkpoint-1000", "checkpoint-1500"], "the slider");
    await page.getByRole("button", { name: "Look closer: checkpoint-500, seed 301" }).click();
    await page.getByRole("dialog").getByText("checkpoint-500").waitFor();
    await page.keyboard.press("Escape");
  },

  async "no model ticked stays none, and one is not compared"(page) {
    await open(page, "compare");
    const ticked = page.locator(".model-list input:checked");
    const button = page.getByRole("button", { name: /^Compare/ });
    await page.getByRole("button", { name: "Compare 4 models" }).waitFor();
    for (let n = 3; n >= 0; n--) {
      await ticked.last().press("Space");
      same(await ticked.count(), n, "ticked");
      if (n === 1) same([await button.innerText(), await button.getAttribute("aria-disabled")], ["Compare one model", "true"], "one model");
    }
    await page.getByText("Choose two models or more.").waitFor();
    await page.reload();
    await page.getByRole("button", { name: "Compare models" }).waitFor();
    same([await ticked.count(), await button.getAttribute("aria-disabled")], [0, "true"], "after a reload");
    await page.evaluate(() => localStorage.setItem("shoes-lora.compare", JSON.stringify({ models: ["gone/checkpoint-7"], images: 1 })));
    await page.reload();
    await page.getByRole("button", { name: "Compare 4 models" }).waitFor();
  },

  async "history: filter, search, favourites, pages"(page) {
    for (const seed of [1000, 1010, 1020]) await api("api/generate", { prompt: "white canvas sneakers, top view", num_images: 10, num_inference_steps: 10, size: 32, seed });
    await open(page, "history");
    const total = async () => Number(/of (\d+)/.exec(await page.getByText(/^\d+–\d+ of \d+/).innerText())[1]);
    const all = await total();
    await page.getByRole("button", { name: "Older" }).click();
    await page.getByText(/^25–/).waitFor();
    await page.getByLabel("Search in prompts").fill("CANVAS sneakers");
    await page.getByText(/^1–24 of 30/).waitFor();
    await page.getByRole("button", { name: "Favourite, seed 1029" }).click();
    await page.locator(".star[aria-pressed=true]").waitFor();
    await page.getByRole("button", { name: "Favourites", exact: true }).click();
    await page.getByText("1–1 of 1").waitFor();
    await page.reload();
    await page.getByText("1–1 of 1").waitFor();
    same(await page.getByLabel("Search in prompts").inputValue(), "CANVAS sneakers", "the search after a reload");
    await page.goBack();
    await page.getByText(/of 30/).waitFor();
    await page.getByLabel("Search in prompts").fill("");
    await page.getByText(`of ${all}`).waitFor();
    await page.getByRole("combobox", { name: "Model" }).selectOption({ label: (await api("api/models")).models.find((m) => m.step === 1000 && m.type === "checkpoint").name });
    await page.waitForFunction(() => { // only this model
      const names = [...document.querySelectorAll(".card-facts b")].map((b) => b.innerText);
      return names.length > 0 && names.every((n) => n === "step 1000");
    });
  },

  async "a picture is deleted when that is confirmed"(page) {
    const prompt = "a pair of green rubber boots to be deleted";
    const { images } = await api("api/generate", { prompt, num_images: 2, num_inference_steps: 10, size: 32, seed: 2000 });
    await page.goto(`${address}#/history?search=${encodeURIComponent(prompt)}`);
    await page.getByText("1–2 of 2").waitFor();
    await page.getByRole("button", { name: /^Look closer: seed 2001/ }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "Delete" }).click();
    same(await page.evaluate(() => document.activeElement?.textContent.trim()), "Keep it", "the focus is on what does no harm");
    same(await axeFinds(page), [], "axe");
    await page.keyboard.press("Enter");
    same((await api(`api/samples/${images[1].id}`)).seed, 2001, "kept");
    await dialog.getByRole("button", { name: "Delete" }).click();
    await dialog.getByRole("button", { name: "Delete it" }).click();
    await page.getByText("1–1 of 1").waitFor();
    await dialog.waitFor({ state: "detached" });
    same(await page.evaluate(() => document.activeElement?.id), "main", "focus");
    same([(await api(`api/samples/${images[1].id}`)).status, (await api(`api/samples/${images[0].id}`)).seed], [404, 2000], "deleted, and only this one");
    await page.reload();
    await page.getByText("1–1 of 1").waitFor();
  },

  async "a job that failed says why, also after a reload"(page) {
    await open(page);
    await fill(page, { Prompt: PROMPT, Images: 1, Steps: 10 });
    await generate(page);
    await page.getByText("Painting…").waitFor();
    await finished(page);
    const sentence = "The device has no room for pictures of this size.";
    await page.evaluate((detail) => {
      const work = JSON.parse(localStorage.getItem("shoes-lora.work.generate"));
      Object.assign(work.job, { status: "failed", images: [], error: { type: "about:blank", title: "", status: 503, detail, errors: [] } });
      localStorage.setItem("shoes-lora.work.generate", JSON.stringify(work));
    }, sentence);
    await page.reload();
    await page.getByRole("alert").getByText(sentence).waitFor();
    await page.getByText(/· failed/).waitFor();
    same(await axeFinds(page), [], "axe");
  },

  async "a reload keeps form, pictures and a running job"(page) {
    await open(page);
    await fill(page, { Prompt: PROMPT, "Negative prompt": "laces", Images: 10, Steps: 100, Seed: 500 });
    await generate(page);
    await page.getByText(/^Step \d/).waitFor();
    await page.reload();
    await page.getByText(/^Step \d/).waitFor();
    same(await page.getByLabel("Negative prompt").inputValue(), "laces", "the form");
    await finished(page);
    same(await cards(page).count(), 10, "pictures");
    await page.reload();
    await finished(page);
    same(await cards(page).first().innerText(), "seed 500", "pictures after a reload");
    await fill(page, { "Negative prompt": "" });
  },

  async "works by keyboard alone"(page) {
    await open(page);
    await page.keyboard.press("Tab");
    same(await page.evaluate(() => document.activeElement?.className), "skip", "the first stop skips the navigation");
    await page.keyboard.press("Enter");
    same(await page.evaluate(() => document.activeElement?.id), "main", "and leads to the content");
    await page.getByRole("button", { name: /^Model/ }).focus();
    await page.keyboard.press("Enter");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Enter");
    same(await page.evaluate(() => document.activeElement?.className), "picker-button", "the list closes and gives the focus back");
    await fill(page, { Prompt: PROMPT, Images: 1, Steps: 10 });
    await page.keyboard.press("Control+Enter");
    await page.getByText("Painting…").waitFor();
    await finished(page);
    await page.locator(".card-picture").first().focus();
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").waitFor();
    for (let i = 0; i < 12; i++) await page.keyboard.press("Tab");
    assert(await page.evaluate(() => document.activeElement === document.body || document.querySelector("dialog").contains(document.activeElement)), "the dialog keeps the focus");
    await page.keyboard.press("Escape");
  },

  async "nothing for axe to find, light and dark, wide and narrow"(page) {
    const found = [];
    for (const [viewport, wide] of [[DESKTOP, "wide"], [PHONE, "narrow"]]) {
      await page.setViewportSize(viewport);
      for (const view of ["generate", "compare", "history"]) {
        await open(page, view);
        await page.locator(".card-picture img").first().waitFor();
        const narrow = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
        assert(narrow, `${view} is wider than the ${wide} screen`);
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          const look = async (what) => {
            found.push(...(await axeFinds(page)).map((v) => `${wide} ${colorScheme} ${view} ${what}: ${v}`));
          };
          await look("as it opens");
          if (view === "generate") {
            await page.getByText("Suggestions").click();
            await page.getByRole("button", { name: /^Service:/ }).click();
            await look("with suggestions and health");
            await page.keyboard.press("Escape");
            await page.getByText("Suggestions").click();
            await page.getByRole("button", { name: /^Model/ }).click();
            await look("with the models");
            await page.keyboard.press("Escape");
            await fill(page, { Prompt: "red" });
            await generate(page);
            await page.getByRole("alert").waitFor();
            await look("refused");
            await fill(page, { Prompt: PROMPT });
            await page.locator(".card-picture").first().click();
            await look("with a picture, large");
            await page.keyboard.press("Escape");
          }
        }
      }
    }
    await page.setViewportSize(DESKTOP);
    await page.emulateMedia({ colorScheme: null });
    same(found, [], "axe");
  },

  async "nothing for axe to find while the service loads, is broken or gone"(page) {
    const whole = await api("api/health");
    const sentence = "The base could not be read: its file is damaged.";
    const answers = { Loading: { status: "loading", base: "", device: "", device_name: "", dtype: "", size: 0 }, Broken: { status: "failed", detail: sentence }, "No answer": null };
    const found = [];
    for (const [says, change] of Object.entries(answers)) {
      await page.route("**/api/health", (route) => (change ? route.fulfill({ json: { ...whole, ...change } }) : route.abort("connectionrefused")));
      for (const view of ["generate", "compare", "history"])
        for (const colorScheme of ["light", "dark"]) {
          await page.emulateMedia({ colorScheme });
          await page.goto(`${address}#/${view}`);
          await page.getByRole("button", { name: `Service: ${says}` }).click();
          found.push(...(await axeFinds(page)).map((v) => `${says} ${view} ${colorScheme}: ${v}`));
          if (change?.detail) same(await page.getByText(sentence).count(), 1, "the sentence is there once");
          await page.keyboard.press("Escape");
        }
      await page.unroute("**/api/health");
    }
    await page.emulateMedia({ colorScheme: null });
    same(found, [], "axe");
  },

  async "the service gone, and back"(page) {
    await open(page);
    await fill(page, { Prompt: PROMPT, Images: 10, Steps: 100 });
    await generate(page);
    await page.getByText(/^Step \d/).waitFor();
    await service("stop");
    await page.getByText("Waiting for the service").waitFor();
    await page.getByRole("button", { name: "Service: No answer" }).waitFor();
    assert((await page.getByRole("alert").first().innerText()).includes("does not answer"), "said in words");
    await page.getByRole("button", { name: "Service: No answer" }).click();
    same(await axeFinds(page), [], "axe with the service gone");
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByText("was not cancelled").waitFor();
    await page.getByRole("link", { name: "History" }).click();
    await page.getByRole("button", { name: "Try again" }).waitFor();
    await service("start");
    await page.getByText(/^1–24 of/).waitFor();
    await page.getByRole("link", { name: "Generate" }).click();
    await page.getByText(/started anew/).waitFor();
    await page.reload();
    await page.getByText(/started anew/).waitFor();
    await fill(page, { Images: 1, Steps: 10 });
    await generate(page);
    await page.getByText("Painting…").waitFor();
    await finished(page);
    same(await cards(page).count(), 1, "paints again");
  },

  async "a token is asked for, and then everything is let through"(page) {
    await service("lock secret-token-of-the-test");
    await page.goto(address);
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Token").fill("wrong");
    await dialog.getByRole("button", { name: "Open" }).click();
    await dialog.getByText("This is not the token").waitFor();
    same(await axeFinds(page), [], "axe");
    await page.keyboard.press("Escape");
    await dialog.getByLabel("Token").fill("secret-token-of-the-test");
    await dialog.getByRole("button", { name: "Open" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "Service: Ready" }).waitFor();
    await generate(page);
    await page.getByText("Painting…").waitFor();
    await finished(page);
    await page.waitForFunction(() => document.querySelector(".card img")?.naturalWidth === 32);
    assert(!(await page.evaluate(() => document.cookie + JSON.stringify(localStorage) + location.href)).includes("secret"), "no script can read the token");
  },

  async "what another page stored is left, and what breaks the page can be forgotten"(page) {
    await open(page);
    await page.evaluate(() => localStorage.setItem("shoes-lora.work.generate", JSON.stringify({ job: {}, request: {} })));
    await page.reload();
    await page.getByText("Nothing painted yet").waitFor();
    await page.route("**/api/prompts/examples", (route) => route.fulfill({ json: { categories: { Colour: null } } }));
    await page.reload();
    const button = page.getByRole("button", { name: "Forget what this page stored and reload" });
    await button.waitFor();
    await complained(page, /TypeError|null/);
    same(await axeFinds(page), [], "axe");
    await page.unroute("**/api/prompts/examples");
    await button.click();
    await page.getByText("Nothing painted yet").waitFor();
    same(await page.getByLabel("Prompt", { exact: true }).inputValue(), "", "the form is forgotten");
  },

  async "a missing script or picture is a complaint"(page) {
    await open(page);
    for (const path of ["assets/none.js", "none.svg", "api/samples/none/image"]) {
      await page.evaluate((src) => void (new Image().src = src), path);
      await complained(page, new RegExp(`404.*/${path}$`));
    }
  },
};

// What the checks bring about: settings that are refused, a service that is locked or gone, and one that was started anew and has forgotten its jobs.
const EXPECTED = [
  [/status of (401|422)/, /^\/api\//],
  [/status of 404/, /^\/api\/jobs\//],
  [/ERR_(CONNECTION_REFUSED|INCOMPLETE_CHUNKED|EMPTY_RESPONSE|CONNECTION_RESET|SOCKET_NOT_CONNECTED)/, /^\/api\//],
];
const expected = (text, url) => EXPECTED.some(([what, where]) => what.test(text) && where.test(new URL(url || address).pathname));
await withBrowser({ viewport: DESKTOP, permissions: ["clipboard-read", "clipboard-write"] }, async (context) => {
  const watch = (page) => {
    page.on("console", (m) => m.type() === "error" && !expected(m.text(), m.location().url) && complaints.push(`${m.text()} ${m.location().url}`));
    page.on("pageerror", (e) => complaints.push(e.message));
    page.on("request", (r) => !r.url().startsWith(address) && !/^(data|blob):/.test(r.url()) && complaints.push(`asked ${r.url()}`));
  };
  for (const [name, check] of Object.entries(checks)) {
    if (!name.includes(only)) continue;
    const page = await context.newPage();
    watch(page);
    page.setDefaultTimeout(Number(process.env.PATIENCE ?? 60) * 1000);
    try {
      await check(page);
      console.log(`ok ${name}`);
    } catch (error) {
      if (process.env.SHOTS) await page.screenshot({ path: `${process.env.SHOTS}/${name.replace(/\W+/g, "_")}.png` });
      console.log(`no ${name}: ${JSON.stringify(String(error.message ?? error))}`);
    }
    await page.close();
  }
  console.log(complaints.length ? `no complaints of the browser: ${JSON.stringify([...new Set(complaints)].join("; "))}` : "ok complaints of the browser");
});
process.exit(0);
