import { LIMITS, newSeed } from "../state/settings";
import { Field } from "./field";
import { Icon } from "./icons";
import { NumberBox } from "./numberbox";

interface SeedProps {
  seed: number;
  locked: boolean;
  error?: string | undefined;
  onChange: (seed: number, locked: boolean) => void;
}

// Locked, the same seed paints every time; open, each round draws a new one, which stays readable here.
// One that is typed is meant to stay; an emptied box asks for none in particular.
export function SeedField({ seed, locked, error, onChange }: SeedProps) {
  return (
    <Field label="Seed" name="seed" error={error} hint={locked ? "Kept: the same settings give the same pictures." : "A new one for every round."}>
      {(ids) => (
        <div className="seed">
          <NumberBox {...ids} {...LIMITS.seed} step={1} value={seed} onChange={onChange} />
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
