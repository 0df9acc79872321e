import type { ReactNode } from "react";
import { Refusal, words } from "../api/problem";

const NAMES: Record<string, string> = {
  body: "Settings",
  prompt: "Prompt",
  prompts: "Prompt",
  negative_prompt: "Negative prompt",
  model_name: "Model",
  models: "Models",
  num_images: "Images",
  num_inference_steps: "Steps",
  guidance_scale: "Guidance",
  seed: "Seed",
  size: "Size",
  adapter_weight: "Adapter weight",
  scheduler: "Scheduler",
};

// `prompts.0` is the first of the prompts, and there is one field for it.
export const fieldName = (field: string): string => NAMES[field.split(".")[0] ?? ""] ?? field;

export function Notice({ error, children }: { error: unknown; children?: ReactNode }) {
  const fields = error instanceof Refusal ? Object.entries(error.fields) : [];
  return (
    <div className="notice" role="alert">
      {fields.length > 0 ? (
        <ul>
          {fields.map(([field, message]) => (
            <li key={field}>
              <b>{fieldName(field)}:</b> {message}
            </li>
          ))}
        </ul>
      ) : (
        <p>{words(error)}</p>
      )}
      {error instanceof Refusal && error.retryAfter !== null && <p>Try again in about {error.retryAfter} s.</p>}
      {children}
    </div>
  );
}
