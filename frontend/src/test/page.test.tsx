import { act, cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { App } from "../app";
import { FakeEvents, fakeService, health, job, model, sample, type Asked } from "./fake";

const PROMPT = "red canvas sneakers on white";
const type = (label: RegExp | string, value: string) => fireEvent.change(screen.getByLabelText(label), { target: { value } });
const press = (name: RegExp | string) => fireEvent.click(screen.getByRole("button", { name }));
const events = () =>
  waitFor(() => {
    const last = FakeEvents.open.at(-1);
    if (!last) throw new Error("nobody listens to the events");
    return last;
  });
const sent = (calls: Asked[], call: string) => calls.filter((c) => c.call === call).map((c) => c.body as Record<string, unknown>);

const value = (label: string) => (screen.getByLabelText(label) as HTMLInputElement).value;
const leave = (label: string) => fireEvent.blur(screen.getByLabelText(label));
const store = (key: string, what: unknown) => localStorage.setItem(`shoes-lora.${key}`, JSON.stringify(what));

async function open(answers: Parameters<typeof fakeService>[0] = {}) {
  const calls = fakeService(answers);
  render(<App />);
  await screen.findByText("Ready");
  await screen.findByText("Suggestions");
  return calls;
}

describe("generating", () => {
  it("sends what the form says, shows steps and previews, then the pictures in their places", async () => {
    const calls = await open({ "POST /api/generate": { status: 202, body: job({ status: "queued", position: 2, pictures: 2 }) } });
    type("Prompt", PROMPT);
    type("Images", "2");
    type("Seed", "41");
    press(/Generate 2/);
    await screen.findAllByText("2nd in the queue");
    expect(sent(calls, "POST /api/generate")[0]).toMatchObject({ prompt: PROMPT, num_images: 2, seed: 41, model_name: "shoes/checkpoint-200", wait: false, size: null });
    const stream = await events();
    act(() => stream.say("progress", job({ step: 7, pictures: 2, progress: 0.3, previews: ["data:image/png;base64,AA=="] })));
    expect(screen.getByText("Step 7 of 20")).toBeTruthy();
    expect(screen.getByAltText("Preview of picture 1")).toBeTruthy();
    act(() => stream.say("done", job({ status: "done", pictures: 2, done: 2, images: [sample("b", 42), sample("a", 41)] })));
    const cards = within(screen.getByRole("list", { name: "Painted pictures" })).getAllByRole("listitem");
    expect(cards.map((c) => /seed (\d+)/.exec(c.textContent ?? "")?.[1])).toEqual(["41", "42"]);
  });

  it("draws a new seed for every round, unless it is kept", async () => {
    const calls = await open({ "POST /api/generate": { status: 202, body: job({ status: "done" }) } });
    type("Prompt", PROMPT);
    for (const _ of [1, 2]) {
      press(/Generate/);
      await waitFor(() => expect(sent(calls, "POST /api/generate")).toHaveLength(_));
      await screen.findByRole("button", { name: /Generate/ });
    }
    press("Keep this seed");
    for (const n of [3, 4]) {
      press(/Generate/);
      await waitFor(() => expect(sent(calls, "POST /api/generate")).toHaveLength(n));
    }
    const [a, b, c, d] = sent(calls, "POST /api/generate").map((body) => body.seed);
    expect(a).not.toBe(b);
    expect([c, d]).toEqual([b, b]);
  });

  it("puts the words of a 422 at the field, and the focus into it", async () => {
    await open({ "POST /api/generate": { status: 422, body: { detail: "prompt: too short", errors: [{ field: "prompt", message: "String should have at least 10 characters" }] } } });
    type("Prompt", "red");
    press(/Generate/);
    const alert = await screen.findByRole("alert");
    expect(alert.textContent).toContain("Prompt: String should have at least 10 characters");
    const field = screen.getByLabelText("Prompt");
    expect(field.getAttribute("aria-invalid")).toBe("true");
    expect(document.activeElement).toBe(field);
    expect(document.getElementById(field.getAttribute("aria-describedby")!.split(" ")[0]!)?.textContent).toContain("at least 10");
  });

  it("says when to come back to a full queue", async () => {
    await open({ "POST /api/generate": { status: 429, body: { detail: "32 jobs are waiting already." }, headers: { "Retry-After": "12" } } });
    type("Prompt", PROMPT);
    press(/Generate/);
    expect((await screen.findByRole("alert")).textContent).toMatch(/32 jobs are waiting already.*12 s/);
  });

  it("cancels, and keeps what was painted", async () => {
    const calls = await open({ "POST /api/generate": { status: 202, body: job({ pictures: 2 }) }, "DELETE /api/jobs/j": { body: job({ status: "cancelled", pictures: 2, done: 1, images: [sample("a", 41)] }) } });
    type("Prompt", PROMPT);
    type("Seed", "41");
    press(/Generate/);
    fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
    await screen.findByText(/· cancelled/);
    expect(calls.some((c) => c.call === "DELETE /api/jobs/j")).toBe(true);
    expect(within(screen.getByRole("list", { name: "Painted pictures" })).getAllByRole("listitem")).toHaveLength(1);
  });

  it("goes on with a job after a reload, and with the form as it was", async () => {
    const answers = { "POST /api/generate": { status: 202, body: job({}) } };
    const calls = fakeService(answers);
    const first = render(<App />);
    await screen.findByText("Ready");
    type("Prompt", PROMPT);
    type("Seed", "41");
    press(/Generate/);
    await screen.findByRole("button", { name: "Cancel" });
    first.unmount();
    FakeEvents.open = [];
    render(<App />);
    await screen.findByText("Ready");
    expect((screen.getByLabelText("Prompt") as HTMLTextAreaElement).value).toBe(PROMPT);
    const stream = await events();
    act(() => stream.say("done", job({ status: "done", done: 1, images: [sample("a", 41)] })));
    expect(screen.getByRole("button", { name: /Look closer: seed 41/ })).toBeTruthy();
    expect(sent(calls, "POST /api/generate")).toHaveLength(1);
  });

  it("says so when the service was started anew and has forgotten the job", async () => {
    await open({ "POST /api/generate": { status: 202, body: job({}) }, "GET /api/jobs/j": { status: 404, body: { detail: "There is no job 'j'." } } });
    type("Prompt", PROMPT);
    press(/Generate/);
    await screen.findByRole("button", { name: "Cancel" });
    const stream = await events();
    act(() => stream.fail(2));
    expect((await screen.findByRole("alert")).textContent).toContain("started anew");
    expect(screen.queryByRole("button", { name: "Cancel" })).toBeNull();
  });

  it("takes the settings of a picture over, seed kept", async () => {
    await open({ "POST /api/generate": { status: 202, body: job({ status: "done", done: 1, images: [sample("a", 77, "shoes/checkpoint-100")] }) } });
    type("Prompt", "something else entirely");
    type("Seed", "77");
    press(/Generate/);
    fireEvent.click(await screen.findByRole("button", { name: /Look closer/ }));
    press("Use these settings");
    expect((screen.getByLabelText("Prompt") as HTMLTextAreaElement).value).toBe(PROMPT);
    expect((screen.getByLabelText("Seed") as HTMLInputElement).value).toBe("77");
    expect(screen.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed")).toBe("true");
    expect(screen.getByRole("button", { name: /^Model/ }).textContent).toContain("checkpoint-100");
  });
});

describe("numbers", () => {
  it("are what is typed: an emptied box stays empty, and what follows is not put behind old digits", async () => {
    const calls = await open({ "POST /api/generate": { status: 202, body: job({ status: "done" }) } });
    type("Prompt", PROMPT);
    for (const text of ["2", "", "3", "30"]) {
      type("Steps", text);
      expect(value("Steps")).toBe(text);
    }
    for (const text of ["", "-0.5", "-0.50"]) {
      type("Adapter weight", text); // a browser says "" for a minus alone
      expect(value("Adapter weight")).toBe(text);
    }
    for (const text of ["", "7"]) type("Seed", text);
    press(/Generate/);
    await waitFor(() => expect(sent(calls, "POST /api/generate")).toHaveLength(1));
    expect(sent(calls, "POST /api/generate")[0]).toMatchObject({ num_inference_steps: 30, adapter_weight: -0.5, seed: 7 });
  });

  it("that are no numbers, or do not fit, are put right when the box is left", async () => {
    await open();
    for (const [text, then] of [["", "25"], ["007", "10"], ["230", "100"], ["12.6", "13"]] as const) {
      type("Steps", "25");
      leave("Steps");
      type("Steps", text);
      leave("Steps");
      expect([text, value("Steps")]).toEqual([text, then]);
    }
    type("Seed", "41");
    expect(screen.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed")).toBe("true");
    leave("Seed");
    type("Seed", "");
    leave("Seed");
    expect([value("Seed"), screen.getByRole("button", { name: "Keep this seed" }).getAttribute("aria-pressed")]).toEqual(["41", "false"]);
  });
});

describe("a job that failed", () => {
  const error = { type: "about:blank", title: "Not able", status: 503, detail: "The device has no room for this size.", errors: [] };
  const request = { prompt: PROMPT, model_name: "base", seed: 5, num_inference_steps: 20, guidance_scale: 7.5, num_images: 1 };

  it("says why, also after a reload", async () => {
    await open({ "POST /api/generate": { status: 202, body: job({}) } });
    type("Prompt", PROMPT);
    press(/Generate/);
    const stream = await events();
    act(() => stream.say("failed", job({ status: "failed", position: null, error })));
    expect(screen.getByRole("alert").textContent).toContain("no room for this size");
    cleanup();
    await open();
    expect(screen.getByRole("alert").textContent).toContain("no room for this size");
    expect(screen.getByText(/· failed/)).toBeTruthy();
  });

  it("because the service forgot it, says so after a reload, too", async () => {
    store("work.generate", { job: job({}), request });
    await open({ "GET /api/jobs/j": { status: 404, body: { detail: "There is no job 'j'." } } });
    const stream = await events();
    act(() => stream.fail(2));
    await screen.findByText(/started anew/);
    cleanup();
    await open();
    expect(screen.getByText(/started anew/)).toBeTruthy();
  });

  it("is told in the comparison as well", async () => {
    location.hash = "#/compare";
    const { prompt, model_name: _, ...rest } = request;
    store("work.compare", { job: job({ kind: "compare", status: "failed", position: null, error }), request: { ...rest, prompts: [prompt], models: ["base", "shoes/checkpoint-100"] } });
    await open();
    expect(screen.getByRole("alert").textContent).toContain("no room for this size");
  });

  it("or that could not be cancelled because nobody answered, is not passed over", async () => {
    await open({ "POST /api/generate": { status: 202, body: job({}) }, "DELETE /api/jobs/j": "gone" });
    type("Prompt", PROMPT);
    press(/Generate/);
    fireEvent.click(await screen.findByRole("button", { name: "Cancel" }));
    expect((await screen.findByRole("alert")).textContent).toContain("was not cancelled");
    expect(screen.getByRole("button", { name: "Cancel" })).toBeTruthy();
    const stream = await events();
    act(() => stream.say("done", job({ status: "done", done: 1, images: [sample("a", 41)] })));
    expect(screen.queryByRole("alert")).toBeNull();
  });
});

describe("what this browser remembers", () => {
  it("of another page does not break this one", async () => {
    store("work.generate", { job: {}, request: {} });
    store("work.compare", { job: { id: "x", status: "done", images: [{}] }, request: {} });
    await open();
    expect(screen.getByText("Nothing painted yet")).toBeTruthy();
  });

  it("can be forgotten when the page breaks all the same", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const reload = vi.fn();
    vi.stubGlobal("location", Object.assign(Object.create(location) as Location, { reload }));
    store("theme", "dark");
    localStorage.setItem("of another page", "1");
    fakeService({ "GET /api/prompts/examples": { body: { categories: { Colour: null } } } });
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: "Forget what this page stored and reload" }));
    expect([Object.keys(localStorage), reload.mock.calls.length]).toEqual([["of another page"], 1]);
  });
});

describe("models", () => {
  const evaluation = { badge: "recommended" as const, sentence: "Take step 200.", weight: 1, pictures: 256, metrics: { kid: 0.1234, kid_se: 0.004 } };
  const models = [model("base"), model("shoes/checkpoint-100", { available: false, fault: "its file is damaged" }), model("shoes/checkpoint-200", { evaluation, recommended: true })];

  it("show verdict and measure, and refuse what cannot paint", async () => {
    await open({ "GET /api/models": { body: { models, default: "shoes/checkpoint-200", notes: [] } } });
    press(/^Model/);
    expect(screen.getAllByText("recommended").length).toBeGreaterThan(0);
    expect(screen.getByText("KID 0.123 ± 0.004")).toBeTruthy();
    expect((screen.getByRole("radio", { name: /checkpoint-100/ }) as HTMLInputElement).disabled).toBe(true);
    expect(screen.getByText("its file is damaged")).toBeTruthy();
    fireEvent.click(screen.getByRole("radio", { name: /Base/ }));
    fireEvent.keyDown(screen.getByRole("radio", { name: /Base/ }), { key: "Escape" });
    expect(screen.queryByRole("radio", { name: /Base/ })).toBeNull();
    expect(document.activeElement?.textContent).toContain("Base model");
  });
});

describe("comparing", () => {
  it("asks once for all models, and the slider shows one after the other", async () => {
    location.hash = "#/compare";
    const images = ["base", "shoes/checkpoint-100", "shoes/checkpoint-200"].map((name, i) => sample(`${i}`, 5, name));
    const calls = await open({ "POST /api/compare": { status: 202, body: job({ kind: "compare", status: "done", pictures: 3, done: 3, images }) } });
    type("Prompt", PROMPT);
    type("Seed", "5");
    press("Compare 3 models");
    const stage = await screen.findByRole("region", { name: "Slider through the models" });
    expect(sent(calls, "POST /api/compare")[0]).toMatchObject({ prompts: [PROMPT], models: ["base", "shoes/checkpoint-100", "shoes/checkpoint-200"], seed: 5, num_images: 1 });
    const seen = () => stage.querySelector("img.shown")?.getAttribute("alt");
    expect(seen()).toMatch(/^Base/);
    fireEvent.change(within(stage).getByRole("slider"), { target: { value: "2" } });
    expect(seen()).toMatch(/^checkpoint-200/);
    expect(within(stage).getByRole("slider").getAttribute("aria-valuetext")).toBe("checkpoint-200");
  });
});

describe("the models that are compared", () => {
  const box = (name: RegExp) => screen.getByRole("checkbox", { name }) as HTMLInputElement;
  const ticked = () => screen.getAllByRole<HTMLInputElement>("checkbox").filter((c) => c.checked).length;
  const all = /Base|checkpoint-/;

  it("may be none or one, which is said; nothing is ticked again by itself", async () => {
    location.hash = "#/compare";
    const calls = await open();
    await screen.findByRole("button", { name: "Compare 3 models" });
    fireEvent.click(box(/checkpoint-100/));
    fireEvent.click(box(/checkpoint-200/));
    const one = screen.getByRole("button", { name: "Compare one model" });
    expect([one.getAttribute("aria-disabled"), document.getElementById(one.getAttribute("aria-describedby") ?? "")?.textContent]).toEqual(["true", "Choose one model more: a comparison takes two."]);
    fireEvent.click(box(/Base/));
    expect(ticked()).toBe(0);
    const none = screen.getByRole("button", { name: "Compare models" });
    expect([none.getAttribute("aria-disabled"), document.getElementById(none.getAttribute("aria-describedby") ?? "")?.textContent]).toEqual(["true", "Choose two models or more."]);
    fireEvent.click(none);
    expect(sent(calls, "POST /api/compare")).toHaveLength(0);
    cleanup();
    await open();
    await screen.findAllByRole("checkbox", { name: all });
    expect(ticked()).toBe(0);
    fireEvent.click(box(/Base/));
    fireEvent.click(box(/checkpoint-200/));
    screen.getByRole("button", { name: "Compare 2 models" });
  });

  it("are those proposed when the remembered ones are gone", async () => {
    location.hash = "#/compare";
    store("compare", { models: ["gone/checkpoint-1", "base"], images: 1 });
    await open();
    await screen.findByRole("button", { name: "Compare 3 models" });
  });
});

describe("history", () => {
  it("deletes a picture when that is confirmed, here and in the job that painted it", async () => {
    location.hash = "#/history";
    const request = { prompt: PROMPT, model_name: "base", seed: 1, num_inference_steps: 20, guidance_scale: 7.5, num_images: 2 };
    store("work.generate", { job: job({ status: "done", pictures: 2, done: 2, images: [sample("a", 1), sample("b", 2)] }), request });
    let there = [sample("a", 1), sample("b", 2)];
    const calls = fakeService({
      "GET /api/samples": () => ({ body: { samples: there, total: there.length, limit: 24, offset: 0 } }),
      "DELETE /api/samples/a000000000000000": () => ((there = there.slice(1)), { status: 204 }),
    });
    const deleted = () => calls.filter((c) => c.call.startsWith("DELETE")).length;
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: /^Look closer: seed 1/ }));
    press("Delete");
    expect(document.activeElement?.textContent).toContain("Keep it");
    press("Keep it");
    expect(deleted()).toBe(0);
    press("Delete");
    press("Delete it");
    await screen.findByText("1–1 of 1");
    expect([deleted(), screen.queryByRole("dialog"), screen.queryByRole("button", { name: /^Look closer: seed 1/ })]).toEqual([1, null, null]);
    await screen.findByText("Picture deleted");
    act(() => {
      location.hash = "#/generate";
      dispatchEvent(new HashChangeEvent("hashchange"));
    });
    await screen.findByRole("button", { name: /^Look closer: seed 2/ });
    expect(screen.queryByRole("button", { name: /^Look closer: seed 1/ })).toBeNull();
    fireEvent.click(screen.getByRole("button", { name: /^Look closer: seed 2/ }));
    expect(screen.queryByRole("button", { name: "Delete" })).toBeNull();
  });

  it("keeps a picture that could not be deleted, and says why", async () => {
    location.hash = "#/history";
    fakeService({ "GET /api/samples": { body: { samples: [sample("a", 1)], total: 1, limit: 24, offset: 0 } }, "DELETE /api/samples/a000000000000000": { status: 503, body: { detail: "The history cannot be written." } } });
    render(<App />);
    fireEvent.click(await screen.findByRole("button", { name: /^Look closer: seed 1/ }));
    press("Delete");
    press("Delete it");
    expect((await within(screen.getByRole("dialog")).findByRole("alert")).textContent).toBe("The history cannot be written.");
    expect(screen.getByRole("button", { name: /^Look closer: seed 1/, hidden: true })).toBeTruthy();
  });

  it("asks by the address, and says what fits", async () => {
    location.hash = "#/history?model=base&search=red&page=2";
    const calls = await (async () => {
      const calls = fakeService({ "GET /api/samples": { body: { samples: [sample("a", 1), sample("b", 2)], total: 26, limit: 24, offset: 24 } }, "PATCH /api/samples/a000000000000000": { body: sample("a", 1, "base", { favourite: true }) } });
      render(<App />);
      await screen.findByText("25–26 of 26");
      return calls;
    })();
    const asked = calls.find((c) => c.call === "GET /api/samples")!.query;
    expect(Object.fromEntries(asked)).toEqual({ model: "base", search: "red", limit: "24", offset: "24" });
    press("Favourite, seed 1");
    await waitFor(() => expect(screen.getByRole("button", { name: "Favourite, seed 1" }).getAttribute("aria-pressed")).toBe("true"));
    press(/Newer/);
    await waitFor(() => expect(location.hash).toBe("#/history?model=base&search=red"));
  });

  it("puts the selected pictures, and only those, into the zip", async () => {
    location.hash = "#/history";
    const saved: string[] = [];
    vi.spyOn(HTMLAnchorElement.prototype, "click").mockImplementation(function (this: HTMLAnchorElement) {
      saved.push(this.download);
    });
    const calls = fakeService({ "GET /api/samples": { body: { samples: [sample("a", 1), sample("b", 2)], total: 2, limit: 24, offset: 0 } }, "POST /api/samples/zip": { body: {} } });
    render(<App />);
    fireEvent.click(await screen.findByRole("checkbox", { name: /seed 2/ }));
    press(/ZIP of 1 selected/);
    await screen.findByText("1 picture in pictures.zip");
    expect(sent(calls, "POST /api/samples/zip")[0]).toEqual({ ids: ["b000000000000000"] });
    expect(saved).toEqual(["pictures.zip"]);
  });
});

describe("the service", () => {
  it("that is broken says why, once, also beside its facts", async () => {
    fakeService({ "GET /api/health": { body: { ...health, status: "failed", detail: "The base could not be read." } } });
    render(<App />);
    fireEvent.click(await screen.findByText("Broken"));
    expect(screen.getAllByText("The base could not be read.")).toHaveLength(1);
    expect([...document.querySelectorAll("dl > *")].map((e) => e.tagName)).toEqual(Array(8).fill("DIV"));
  });

  it("is asked once at a time, however often one comes back to the page", async () => {
    let answer: () => void = () => undefined;
    const slow = new Promise<void>((done) => (answer = done));
    const calls = fakeService({});
    const quick = globalThis.fetch;
    vi.stubGlobal("fetch", async (request: Request) => {
      const answered = quick(request);
      if (request.url.endsWith("/api/health")) await slow;
      return answered;
    });
    const asked = () => calls.filter((c) => c.call === "GET /api/health").length;
    render(<App />);
    await waitFor(() => expect(asked()).toBeGreaterThan(0));
    const before = asked();
    for (const _ of [1, 2, 3]) document.dispatchEvent(new Event("visibilitychange"));
    await new Promise((done) => setTimeout(done, 50));
    expect(asked()).toBe(before);
    act(answer);
    await screen.findByText("Ready");
    document.dispatchEvent(new Event("visibilitychange"));
    await waitFor(() => expect(asked()).toBe(before + 1));
  });

  it("gone is said, and back is noticed", async () => {
    let there = false;
    fakeService({ "GET /api/health": () => (there ? { body: { status: "ok", detail: "", queue: {}, memory: {}, history: {}, versions: {}, adapters: [], uptime: 1, size: 64, base: "tiny" } } : "gone") });
    render(<App />);
    expect((await screen.findByRole("alert")).textContent).toContain("does not answer");
    there = true;
    await screen.findByText("Ready", {}, { timeout: 4000 });
    expect(screen.queryByRole("alert")).toBeNull();
  });

  it("that asks for a token gets it, and then the models are read", async () => {
    let open = false;
    const locked = { status: 401, body: { detail: "This service asks for its token." } };
    const calls = fakeService({
      "GET /api/health": () => (open ? { body: { status: "ok", detail: "", queue: {}, memory: {}, history: {}, versions: {}, adapters: [], uptime: 1, size: 64, base: "tiny" } } : locked),
      "GET /api/models": () => (open ? { body: { models: [model("base")], default: "base", notes: [] } } : locked),
    });
    const api = globalThis.fetch;
    vi.stubGlobal("fetch", async (request: Request | string) => {
      if (typeof request !== "string") return api(request);
      open = new URL(request).searchParams.get("token") === "right/one=";
      return new Response("");
    });
    render(<App />);
    await screen.findByText("This service asks for its token");
    type("Token", "wrong");
    press("Open");
    await screen.findByText("This is not the token of this service.");
    type("Token", "right/one=");
    press("Open");
    await screen.findByText("Ready");
    await waitFor(() => expect(screen.getByRole("button", { name: /^Model/ }).textContent).toContain("Base model"));
    expect(calls.filter((c) => c.call === "GET /api/models").length).toBeGreaterThan(1);
    expect(document.cookie).not.toContain("right");
  });
});
