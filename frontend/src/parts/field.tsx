import { useId, type ReactNode } from "react";
import { NumberBox } from "./numberbox";

// What every field has: a label above, a hint and an error below, tied to the input by its ids.
interface FieldProps {
  label: string;
  name: string; // as the service calls it, so that its errors find the field
  error?: string | undefined;
  hint?: ReactNode;
  aside?: ReactNode;
  children: (ids: { id: string; name: string; "aria-invalid"?: true; "aria-describedby"?: string }) => ReactNode;
}

export function Field({ label, name, error, hint, aside, children }: FieldProps) {
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ");
  return (
    <div className={error ? "field bad" : "field"}>
      <div className="field-head">
        <label htmlFor={id}>{label}</label>
        {aside}
      </div>
      {children({ id, name, ...(error && { "aria-invalid": true as const }), ...(described && { "aria-describedby": described }) })}
      <Under id={id} error={error} hint={hint} />
    </div>
  );
}

function Under({ id, error, hint }: { id: string; error: string | undefined; hint: ReactNode }) {
  return (
    <>
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p className="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </>
  );
}

interface NumberFieldProps {
  label: string;
  name: string;
  value: number;
  min: number;
  max: number;
  step?: number;
  error?: string | undefined;
  hint?: ReactNode;
  onChange: (value: number) => void;
}

// A slider for the hand and a box for the exact number; both are the same value.
export function NumberField({ label, name, value, min, max, step = 1, error, hint, onChange }: NumberFieldProps) {
  const id = useId();
  const said = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(" ") || undefined;
  return (
    <div className={error ? "field number bad" : "field number"}>
      <label htmlFor={id}>{label}</label>
      <input type="range" aria-label={`${label}, slider`} min={min} max={max} step={step} value={value} onChange={(e) => onChange(Number(e.target.value))} />
      <NumberBox id={id} name={name} min={min} max={max} step={step} value={value} aria-invalid={error ? true : undefined} aria-describedby={said} onChange={onChange} />
      <Under id={id} error={error} hint={hint} />
    </div>
  );
}
