import { describe, expect, it } from "vitest";
import openapi from "../../openapi.json";
import { fieldErrors, refusal } from "../api/problem";
import { bytes, duration, factsOf } from "../state/facts";
import { newer } from "../state/job";
import { parseRoute, routeHash } from "../state/route";
import { defaults, isSettings, LIMITS, requestOf, SCHEDULERS, settingsOf, sizesAround } from "../state/settings";
import { compareRequest, tableOf } from "../views/compare";
import { placesOf } from "../views/generate";
import { readFilter, writeFilter } from "../views/history";
import { job, sample } from "./fake";

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

describe("facts", () => {
  it("leave out what a picture does not have", () => {
    const names = factsOf(sample("a", 1)).map(([name]) => name);
    expect(names).not.toContain("Adapter weight");
    expect(names).not.toContain("Negative prompt");
    expect(factsOf(sample("a", 1, "r/checkpoint-5")).map(([name]) => name)).toContain("Adapter weight");
  });
  it("round as people do", () => {
    expect([bytes(400), bytes(2_340_000), bytes(3e9)]).toEqual(["1 kB", "2.3 MB", "3 GB"]);
    expect([duration(1.26), duration(61), duration(300)]).toEqual(["1.3 s", "61 s", "5 min"]);
  });
});
