import { Refusal, refusal } from "../api/problem";
import type { Job, Sample } from "../api/types";

// A job and what it was asked for, as they are kept in the browser.
export interface Work<R> {
  job: Job;
  request: R;
}

export const isOver = (job: Job): boolean => !["queued", "running"].includes(job.status);

// Why a job failed; read from the job itself, so that it can still be said after a reload.
export function failureOf(job: Job): Refusal | null {
  if (job.status !== "failed") return null;
  return job.error ? refusal(job.error.status, job.error) : new Refusal(500, "The job failed; the service did not say why.");
}

const FORGOTTEN = "The service was started anew and does not know this job any more. What it had painted is in the history.";

// A job that the service does not know any more.
export const forgotten = (job: Job): Job => ({
  ...job,
  status: "failed",
  position: null,
  previews: [],
  error: { type: "about:blank", title: "Not found", status: 404, detail: FORGOTTEN, errors: [] },
});

type Kind = "string" | "number" | "boolean";
const isRecord = (v: unknown): v is Record<string, unknown> => typeof v === "object" && v !== null;
const has = (v: Record<string, unknown>, kind: Kind, ...names: string[]) => names.every((n) => typeof v[n] === kind);
const isListOf = (v: unknown, fits: (one: unknown) => boolean) => Array.isArray(v) && v.every(fits);
const isText = (v: unknown) => typeof v === "string";

const METADATA_NUMBERS = ["steps", "guidance_scale", "adapter_weight", "width", "height", "seconds"];
const isSample = (v: unknown): v is Sample =>
  isRecord(v) && has(v, "string", "id", "created") && has(v, "number", "seed", "bytes") && isRecord(v.metadata) && has(v.metadata, "string", "model", "prompt", "scheduler") && has(v.metadata, "number", ...METADATA_NUMBERS);

const STATUSES = ["queued", "running", "done", "failed", "cancelled"];
const isError = (v: unknown) => v === null || v === undefined || (isRecord(v) && has(v, "string", "detail") && has(v, "number", "status"));
const isJob = (v: unknown): v is Job =>
  isRecord(v) &&
  has(v, "string", "id") &&
  STATUSES.includes(v.status as string) &&
  has(v, "number", "progress", "step", "steps", "pictures", "done", "generation_time") &&
  isError(v.error) &&
  isListOf(v.notes, isText) &&
  isListOf(v.previews, isText) &&
  isListOf(v.images, isSample);

const REQUESTS = {
  generate: (v: Record<string, unknown>) => has(v, "string", "prompt", "model_name") && has(v, "number", "seed"),
  compare: (v: Record<string, unknown>) => isListOf(v.prompts, isText) && isListOf(v.models, isText) && has(v, "number", "seed", "num_images"),
};

// Whether a stored value has all that the views show of it; a page of another version may have stored something else.
export function isWork(kind: keyof typeof REQUESTS, v: unknown): v is Work<never> | null {
  if (v === null) return true;
  return isRecord(v) && isJob(v.job) && isRecord(v.request) && has(v.request, "number", "num_inference_steps", "guidance_scale") && REQUESTS[kind](v.request);
}
