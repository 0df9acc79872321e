import type { GenerateRequest, Sample, Scheduler } from "../api/types";

// What the service takes; a test compares these numbers with its OpenAPI document.
export const LIMITS = {
  prompt: { min: 10, max: 500 },
  num_images: { min: 1, max: 10 },
  num_inference_steps: { min: 10, max: 100 },
  guidance_scale: { min: 1, max: 20 },
  adapter_weight: { min: -2, max: 2 },
  seed: { min: 0, max: 2 ** 53 - 100 },
  size: { min: 32, max: 1024 },
  models: { min: 2, max: 24 },
} as const;
export const MOST_PICTURES = 60;
export const SCHEDULERS: Record<Scheduler, string> = { pndm: "PNDM", ddim: "DDIM", "dpm++": "DPM++", euler: "Euler" };

// Seeds may be larger; those drawn here stay short enough to read aloud.
export const newSeed = (): number => Math.floor(Math.random() * 2 ** 32);

// The form, under the names of the service, so that an error of the service finds its field.
export interface Settings {
  model_name: string;
  prompt: string;
  negative_prompt: string;
  num_images: number;
  num_inference_steps: number;
  guidance_scale: number;
  adapter_weight: number;
  seed: number;
  locked: boolean; // whether the seed stays from round to round
  size: number | null; // null: what the base was trained at
  scheduler: Scheduler;
}

export const defaults = (): Settings => ({
  model_name: "",
  prompt: "",
  negative_prompt: "",
  num_images: 4,
  num_inference_steps: 25,
  guidance_scale: 7.5,
  adapter_weight: 1,
  seed: newSeed(),
  locked: false,
  size: null,
  scheduler: "dpm++", // as evaluations paint
});

export function isSettings(value: unknown): value is Settings {
  if (typeof value !== "object" || value === null) return false;
  const v = value as Record<string, unknown>;
  return Object.entries(defaults()).every(([key, d]) => (d === null ? v[key] === null || ["number", "string"].includes(typeof v[key]) : typeof v[key] === typeof d));
}

export function requestOf({ locked: _, ...settings }: Settings): GenerateRequest {
  return { ...settings, wait: false };
}

// The settings that paint this very picture again.
export function settingsOf(sample: Sample): Omit<Settings, "locked"> {
  const m = sample.metadata;
  return {
    model_name: m.model,
    prompt: m.prompt,
    negative_prompt: m.negative_prompt,
    num_images: 1,
    num_inference_steps: m.steps,
    guidance_scale: m.guidance_scale,
    adapter_weight: m.adapter_weight,
    seed: sample.seed,
    size: m.width,
    scheduler: m.scheduler in SCHEDULERS ? (m.scheduler as Scheduler) : defaults().scheduler,
  };
}

// Sizes worth offering around the one the base was trained at.
export function sizesAround(base: number): number[] {
  const near = [0.5, 0.75, 1, 1.25, 1.5, 2].map((f) => Math.round((base * f) / 8) * 8);
  return [...new Set(near)].filter((n) => n >= LIMITS.size.min && n <= LIMITS.size.max);
}
