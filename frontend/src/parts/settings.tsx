import { useStudio } from "../state/studio";
import { LIMITS, SCHEDULERS, sizesAround } from "../state/settings";
import type { Scheduler } from "../api/types";
import type { FieldErrors } from "../api/problem";
import { Field, NumberField } from "./field";
import { SeedField } from "./seed";

// The part of the form that generating and comparing have in common.
export function PaintSettings({ errors }: { errors: FieldErrors }) {
  const { settings: s, set, health } = useStudio();
  const sizes = [...new Set([...sizesAround(health.size || 512), ...(s.size ? [s.size] : [])])].sort((a, b) => a - b);
  return (
    <>
      <NumberField label="Steps" name="num_inference_steps" value={s.num_inference_steps} {...LIMITS.num_inference_steps} error={errors.num_inference_steps} onChange={(num_inference_steps) => set({ num_inference_steps })} />
      <NumberField label="Guidance" name="guidance_scale" value={s.guidance_scale} {...LIMITS.guidance_scale} step={0.5} error={errors.guidance_scale} onChange={(guidance_scale) => set({ guidance_scale })} />
      <NumberField label="Adapter weight" name="adapter_weight" value={s.adapter_weight} {...LIMITS.adapter_weight} step={0.05} error={errors.adapter_weight} onChange={(adapter_weight) => set({ adapter_weight })} />
      <SeedField seed={s.seed} locked={s.locked} error={errors.seed} onChange={(seed, locked) => set({ seed, locked })} />
      <div className="pair">
        <Field label="Size" name="size" error={errors.size}>
          {(ids) => (
            <select {...ids} value={s.size ?? ""} onChange={(e) => set({ size: e.target.value ? Number(e.target.value) : null })}>
              <option value="">{health.size ? `${health.size}, as trained` : "As trained"}</option>
              {sizes.map((n) => (
                <option key={n} value={n}>
                  {n} × {n}
                </option>
              ))}
            </select>
          )}
        </Field>
        <Field label="Scheduler" name="scheduler" error={errors.scheduler}>
          {(ids) => (
            <select {...ids} value={s.scheduler} onChange={(e) => set({ scheduler: e.target.value as Scheduler })}>
              {Object.entries(SCHEDULERS).map(([value, name]) => (
                <option key={value} value={value}>
                  {name}
                </option>
              ))}
            </select>
          )}
        </Field>
      </div>
    </>
  );
}

export function NegativePrompt({ error }: { error: string | undefined }) {
  const { settings, set } = useStudio();
  return (
    <Field label="Negative prompt" name="negative_prompt" error={error}>
      {(ids) => <input type="text" {...ids} value={settings.negative_prompt} placeholder="What to steer away from" onChange={(e) => set({ negative_prompt: e.target.value })} />}
    </Field>
  );
}
