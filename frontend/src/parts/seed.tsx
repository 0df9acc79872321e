import { LIMITS, newSeed } from "../state/settings";
import { Field } from "./field";
import { Icon } from "./icons";

interface SeedProps {
  seed: number;
  locked: boolean;
  error?: string | undefined;
  onChange: (seed: number, locked: boolean) => void;
}

// Locked, the same seed paints every time; open, each round draws a new one, which stays readable here.
export function SeedField({ seed, locked, error, onChange }: SeedProps) {
  return (
    <Field label="Seed" name="seed" error={error} hint={locked ? "Kept: the same settings give the same pictures." : "A new one for every round."}>
      {(ids) => (
        <div className="seed">
          <input type="number" {...ids} min={0} max={LIMITS.seed.max} step={1} value={seed} onChange={(e) => e.target.value !== "" && onChange(Number(e.target.value), true)} />
          <button type="button" className="tool" aria-pressed={locked} aria-label="Keep this seed" title={locked ? "The seed is kept" : "Keep this seed"} onClick={() => onChange(seed, !locked)}>
            <Icon name={locked ? "lock" : "unlock"} />
          </button>
          <button type="button" className="tool" aria-label="Draw another seed" title="Draw another seed" onClick={() => onChange(newSeed(), locked)}>
            <Icon name="dice" />
          </button>
        </div>
      )}
    </Field>
  );
}
