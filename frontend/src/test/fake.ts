// A service of one page in a test: answers by method and path, and the requests it got.
import { vi } from "vitest";
import type { Health, Job, Model, Sample } from "../api/types";

export const model = (name: string, more: Partial<Model> = {}): Model => {
  const [run = "", label = ""] = name === "base" ? [] : name.split("/");
  const step = /checkpoint-(\d+)/.exec(label)?.[1];
  return {
    name,
    display_name: name === "base" ? "Base model" : name,
    description: "",
    type: name === "base" ? "base" : label === "final" ? "final" : "checkpoint",
    run,
    step: step ? Number(step) : null,
    size_bytes: 0,
    available: true,
    fault: "",
    recommended: false,
    evaluation: null,
    ...more,
  };
};

export const sample = (id: string, seed: number, name = "base", more: Partial<Sample> = {}): Sample => ({
  id: id.padEnd(16, "0"),
  url: `/api/samples/${id}/image`,
  seed,
  created: "2026-01-02T03:04:05+00:00",
  job: "j",
  favourite: false,
  bytes: 9000,
  metadata: {
    model: name,
    prompt: "red canvas sneakers on white",
    negative_prompt: "",
    seed,
    steps: 20,
    guidance_scale: 7.5,
    adapter_weight: 1,
    scheduler: "pndm",
    timestep_spacing: "trailing",
    width: 64,
    height: 64,
    adapter_hash: "",
    base_hash: "b",
    dtype: "float32",
    device: "cpu",
    seconds: 0.5,
  },
  ...more,
});

export const job = (more: Partial<Job> = {}): Job => ({
  id: "j",
  kind: "generate",
  status: "running",
  position: 0,
  progress: 0,
  step: 0,
  steps: 20,
  pictures: 1,
  done: 0,
  created: 0,
  generation_time: 0,
  error: null,
  notes: [],
  images: [],
  previews: [],
  ...more,
});

export const health: Health = {
  status: "ok",
  detail: "",
  base: "tiny",
  device: "cpu",
  device_name: "CPU",
  dtype: "float32",
  size: 64,
  memory: { process: 1e9, free: 2e9, total: 4e9, gpu: 0 },
  queue: { waiting: 0, running: 0, capacity: 32, until_free_s: 0 },
  adapters: [],
  swap_ms: 0,
  history: { pictures: 0, bytes: 0, most: 5000, most_bytes: 4e9, free_bytes: 1e9 },
  versions: { "shoes-lora": "0.1.0" },
  uptime: 5,
};

type Reply = { status?: number; body?: unknown; headers?: Record<string, string> } | "gone";
export interface Asked {
  call: string;
  query: URLSearchParams;
  body: unknown;
}

export function fakeService(answers: Record<string, Reply | ((asked: Asked) => Reply)>): Asked[] {
  const calls: Asked[] = [];
  const all: typeof answers = {
    "GET /api/health": { body: health },
    "GET /api/models": { body: { models: [model("base"), model("shoes/checkpoint-100"), model("shoes/checkpoint-200")], default: "shoes/checkpoint-200", notes: [] } },
    "GET /api/prompts/examples": { body: { categories: { Colour: ["black casual shoes on white"], View: ["white sneakers seen from above"] } } },
    ...answers,
  };
  vi.stubGlobal("fetch", async (request: Request) => {
    const url = new URL(request.url);
    const text = request.method === "GET" ? "" : await request.text();
    const asked = { call: `${request.method} ${url.pathname}`, query: url.searchParams, body: text ? (JSON.parse(text) as unknown) : null };
    calls.push(asked);
    const found = all[asked.call] ?? { status: 404, body: { detail: "There is nothing at this address." } };
    const reply = typeof found === "function" ? found(asked) : found;
    if (reply === "gone") throw new TypeError("Failed to fetch");
    return new Response(reply.status === 204 ? null : JSON.stringify(reply.body ?? {}), { status: reply.status ?? 200, headers: { "Content-Type": reply.status && reply.status > 399 ? "application/problem+json" : "application/json", ...reply.headers } });
  });
  return calls;
}

// Server-sent events by hand: `say` is what the service would send.
export class FakeEvents extends EventTarget {
  static CLOSED = 2;
  static open: FakeEvents[] = [];
  readyState = 1;
  onerror: ((e: Event) => void) | null = null;
  constructor(readonly url: string) {
    super();
    FakeEvents.open.push(this);
  }
  close() {
    this.readyState = 2;
  }
  say(name: string, state: Job) {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(state) }));
  }
  fail(readyState: number) {
    this.readyState = readyState;
    this.onerror?.(new Event("error"));
  }
}
