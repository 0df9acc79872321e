import { describe, expect, it } from "vitest";
import openapi from "../../openapi.json";
import { fieldErrors, refusal } from "../api/problem";
import { bytes, duration, factsOf, factsOfHealth } from "../state/facts";
import { fitting } from "../parts/numberbox";
import { chosenOf, isChoice, obstacle, proposal } from "../state/choice";
import { newer } from "../state/job";
import { parseRoute, routeHash } from "../state/route";
import { defaults, isSettings, LIMITS, requestOf, SCHEDULERS, settingsOf, sizesAround } from "../state/settings";
import { compareRequest, tableOf } from "../views/compare";
import { placesOf } from "../views/generate";
import { readFilter, writeFilter } from "../views/history";
import { failureOf, forgotten, isWork } from "../state/work";
import { health, job, model, sample } from "./fake";

describe("problems", () => {
  it("name the fields, once each, without the words of the validator", () => {
    const r = refusal(422, { detail: "x", errors: [{ field: "seed", message: "Value error, too large" }, { field: "seed", message: "second" }, { field: "prompts.0", message: "short" }] }, "7");
    expect([r.fields.seed, r.retryAfter]).toEqual(["too large", 7]);
    expect(fieldErrors(r)).toEqual({ seed: "too large", prompt: "short" });
  });
  it("are sentences even when the answer is not", () => {
    expect(refusal(429, "<html>").message).toBe("The queue is full.");
    expect(refusal(418, null).message).toContain("418");
  });
});

describe("settings", () => {
  it("have the limits and defaults of the OpenAPI document", () => {
    const p = openapi.components.schemas.GenerateRequest.properties as Record<string, { minimum?: number; maximum?: number; minLength?: number; maxLength?: number; default?: unknown; anyOf?: { minimum?: number; maximum?: number; enum?: string[] }[] }>;
    for (const name of ["num_inference_steps", "guidance_scale", "adapter_weight"] as const) expect([name, p[name]?.minimum, p[name]?.maximum]).toEqual([name, LIMITS[name].min, LIMITS[name].max]);
    for (const name of ["seed", "size"] as const) expect([name, p[name]?.anyOf?.[0]?.minimum, p[name]?.anyOf?.[0]?.maximum]).toEqual([name, LIMITS[name].min, LIMITS[name].max]);
    expect([p.prompt?.minLength, p.prompt?.maxLength]).toEqual([LIMITS.prompt.min, LIMITS.prompt.max]);
    expect(p.scheduler?.anyOf?.[0]?.enum).toEqual(Object.keys(SCHEDULERS));
    for (const name of ["num_inference_steps", "guidance_scale", "adapter_weight", "scheduler"] as const) expect([name, p[name]?.default]).toEqual([name, defaults()[name]]);
  });
  it("go to the service under names it knows, and come back from a picture", () => {
    const known = Object.keys(openapi.components.schemas.GenerateRequest.properties);
    expect(Object.keys(requestOf(defaults())).filter((k) => !known.includes(k))).toEqual([]);
    const again = requestOf({ ...defaults(), ...settingsOf(sample("a", 41, "r/checkpoint-5")) });
    expect(again).toMatchObject({ model_name: "r/checkpoint-5", seed: 41, num_inference_steps: 20, size: 64, scheduler: "pndm", num_images: 1 });
  });
  it("of an older page are not read", () => {
    expect(isSettings(defaults())).toBe(true);
    expect(isSettings({ ...defaults(), size: 64 })).toBe(true);
    expect(isSettings({ ...defaults(), seed: "5" })).toBe(false);
    expect(isSettings({ prompt: "x" })).toBe(false);
  });
  it("offer sizes the service takes", () => {
    expect(sizesAround(64)).toEqual([32, 48, 64, 80, 96, 128]);
    expect(sizesAround(512).every((n) => n % 8 === 0 && n <= 1024)).toBe(true);
  });
});

describe("addresses", () => {
  it("survive the way there and back", () => {
    const filter = { model: "a b/checkpoint-1", search: "red & white", favourite: true, page: 3 };
    const { view, params } = parseRoute(routeHash("history", writeFilter(filter)));
    expect([view, readFilter(params)]).toEqual(["history", filter]);
  });
  it("that make no sense lead to the first view and page", () => {
    expect(parseRoute("#/nowhere?x=1").view).toBe("generate");
    expect(readFilter(new URLSearchParams("page=-2")).page).toBe(1);
  });
});

describe("jobs", () => {
  it("put each picture at the place of its seed, whatever came first", () => {
    expect(placesOf(job({ images: [sample("b", 6), sample("a", 5)] }), [5, 6, 7]).map((s) => s?.seed)).toEqual([5, 6, undefined]);
  });
  it("lay a comparison out by seed and model", () => {
    const request = compareRequest({ ...defaults(), prompt: "p", seed: 5 }, ["base", "r/checkpoint-1"], 2);
    expect(request).toMatchObject({ prompts: ["p"], models: ["base", "r/checkpoint-1"], num_images: 2, seed: 5 });
    expect(Object.keys(request)).not.toContain("model_name");
    const { rows } = tableOf(job({ images: [sample("a", 6, "r/checkpoint-1"), sample("b", 5, "base")] }), request);
    expect(rows.map((r) => r.map((s) => s?.id[0] ?? "-").join(""))).toEqual(["b-", "-a"]);
  });
  it("keep the marks made while they run", () => {
    const old = job({ images: [sample("a", 1, "base", { favourite: true })] });
    expect(newer(old, job({ images: [sample("a", 1), sample("b", 2)] })).images.map((s) => s.favourite)).toEqual([true, false]);
  });
});

describe("what a reload finds", () => {
  const request = { ...requestOf({ ...defaults(), prompt: "p", seed: 5 }) };
  const stored = (work: unknown) => JSON.parse(JSON.stringify(work)) as unknown;
  it("is read when it is whole", () => {
    const error = { type: "about:blank", title: "x", status: 503, detail: "No room.", errors: [] };
    expect(isWork("generate", stored({ job: job({ images: [sample("a", 5)] }), request }))).toBe(true);
    expect(isWork("generate", stored({ job: job({ status: "failed", error, position: null }), request }))).toBe(true);
    expect(isWork("compare", stored({ job: job({ kind: "compare" }), request: compareRequest({ ...defaults(), prompt: "p" }, ["base"], 2) }))).toBe(true);
    expect(isWork("generate", null)).toBe(true);
  });
  it("is left where the views would break on it", () => {
    const bad = [{ job: {}, request: {} }, { job: job(), request: {} }, { job: { ...job(), images: [{}] }, request }, { job: { ...job(), status: "new" }, request }, { job: { ...job(), notes: [{}] }, request }, { job: { ...job(), error: "x" }, request }, { job: job(), request: { ...request, prompt: {} } }, 5, []];
    for (const work of bad) expect([JSON.stringify(work).slice(0, 40), isWork("generate", stored(work))]).toEqual([JSON.stringify(work).slice(0, 40), false]);
    expect(isWork("compare", stored({ job: job(), request }))).toBe(false);
  });
  it("says why a job failed", () => {
    expect(failureOf(job())).toBeNull();
    expect(failureOf(forgotten(job()))?.message).toContain("started anew");
    expect(failureOf(job({ status: "failed" }))?.message).toContain("did not say why");
  });
});

describe("what is compared", () => {
  const run = (name: string, count: number, pick = -1) => Array.from({ length: count }, (_, i) => model(`${name}/checkpoint-${100 * (i + 1)}`, { recommended: i === pick }));
  const able = [model("base"), ...run("new", 20, 15), ...run("old", 3)];
  it("is proposed by run, with the base and always the recommended checkpoint", () => {
    for (let pick = 0; pick < 20; pick++) {
      const names = proposal([model("base"), ...run("new", 20, pick)], "new/checkpoint-100");
      expect([names.length, new Set(names).size, names[0], names.includes(`new/checkpoint-${100 * (pick + 1)}`)]).toEqual([8, 8, "base", true]);
      expect(names.slice(1).map((n) => Number(n.split("-")[1]))).toEqual(names.slice(1).map((n) => Number(n.split("-")[1])).sort((a, b) => a - b));
    }
    expect(proposal(able, "old/checkpoint-100")).toEqual(["base", "old/checkpoint-100", "old/checkpoint-200", "old/checkpoint-300"]);
  });
  it("is proposed also where the chosen model is the base, or gone", () => {
    for (const name of ["base", "gone/checkpoint-1"]) expect(proposal(able, name)).toContain("new/checkpoint-1600");
    expect(proposal([model("base")], "base")).toEqual(["base"]);
  });
  it("is what was chosen, also nothing, unless that is gone", () => {
    expect([chosenOf(null, able), chosenOf([], able), chosenOf(["base"], able)]).toEqual([null, [], ["base"]]);
    expect([chosenOf(["gone/checkpoint-1"], able), chosenOf(["base", "gone/checkpoint-1"], able)]).toEqual([null, null]);
    expect(chosenOf(["old/checkpoint-200", "gone/checkpoint-1", "base"], able)).toEqual(["base", "old/checkpoint-200"]);
    expect([isChoice({ models: null, images: 1 }), isChoice({ models: [{}], images: 1 }), isChoice({ models: null })]).toEqual([true, false, false]);
  });
  it("says what is in the way", () => {
    expect([obstacle(0, 1, 4), obstacle(1, 1, 4), obstacle(2, 1, 4), obstacle(1, 1, 1)].map((s) => s.split(/[;.:]/)[0])).toEqual(["Choose two models or more", "Choose one model more", "", "There is only one model"]);
    expect(obstacle(7, 9, 9)).toBe("63 pictures; 60 are the most.");
  });
});

describe("a number that is left", () => {
  it("fits its bounds, whole where only whole ones do", () => {
    expect([fitting(230, 10, 100, 1), fitting(-5, 0, 9, 1), fitting(12.6, 10, 100, 1), fitting(-0.55, -2, 2, 0.05), fitting(7.3, 1, 20, 0.5)]).toEqual([100, 0, 13, -0.55, 7.3]);
  });
});

describe("facts", () => {
  it("leave out what a picture does not have", () => {
    const names = factsOf(sample("a", 1)).map(([name]) => name);
    expect(names).not.toContain("Adapter weight");
    expect(names).not.toContain("Negative prompt");
    expect(factsOf(sample("a", 1, "r/checkpoint-5")).map(([name]) => name)).toContain("Adapter weight");
  });
  it("leave out what a service does not know yet", () => {
    expect(factsOfHealth({ ...health, base: "", size: 0, device: "", device_name: "", dtype: "" }).map(([name]) => name)).not.toContain("Base");
    expect(factsOfHealth(health)).toHaveLength(8);
  });
  it("round as people do", () => {
    expect([bytes(400), bytes(2_340_000), bytes(3e9)]).toEqual(["1 kB", "2.3 MB", "3 GB"]);
    expect([duration(1.26), duration(61), duration(300)]).toEqual(["1.3 s", "61 s", "5 min"]);
  });
});
