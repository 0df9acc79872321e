import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from "react";
import type { Model } from "../api/types";
import { Icon } from "./icons";
import { ModelBadges, modelMetrics } from "./badge";

// The models run by run; the base stands alone.
export function byRun(models: Model[]): [string, Model[]][] {
  const groups = new Map<string, Model[]>();
  for (const model of models) groups.set(model.run, [...(groups.get(model.run) ?? []), model]);
  return [...groups];
}

const matches = (model: Model, words: string) => `${model.name} ${model.display_name}`.toLowerCase().includes(words.trim().toLowerCase());
export const shortName = (model: Pick<Model, "name" | "run" | "display_name">): string => (model.run ? model.name.slice(model.run.length + 1) : model.display_name);

interface ListProps {
  models: Model[];
  kind: "radio" | "checkbox";
  name: string;
  chosen: string[];
  onPick: (name: string, byPointer: boolean) => void;
  aside?: (run: string, models: Model[]) => ReactNode;
}

const MANY = 8; // from here on a list is searched rather than read

export function ModelList({ models, kind, name, chosen, onPick, aside }: ListProps) {
  const [search, setSearch] = useState("");
  const there = models.filter((m) => matches(m, search));
  return (
    <div className="model-list">
      {models.length > MANY && (
        <label className="searchbox">
          <Icon name="search" />
          <span className="offscreen">Search models</span>
          <input type="search" placeholder="Search models" value={search} onChange={(e) => setSearch(e.target.value)} />
        </label>
      )}
      {there.length === 0 && <p className="faint">No model is called that.</p>}
      {byRun(there).map(([run, group]) => (
        <fieldset key={run} className="model-group">
          <legend className={run ? undefined : "offscreen"}>{run || "Base"}</legend>
          {run && aside?.(run, group)}
          {group.map((model) => (
            <label key={model.name} className="model-row" title={model.fault || undefined} onClick={(e) => e.detail > 0 && !model.fault && kind === "radio" && onPick(model.name, true)}>
              <input type={kind} name={name} value={model.name} checked={chosen.includes(model.name)} disabled={!!model.fault} onChange={() => onPick(model.name, false)} />
              <span className="model-text">
                <span className="model-name">
                  {shortName(model)} <ModelBadges model={model} />
                </span>
                {(model.fault || modelMetrics(model)) && <small className={model.fault ? "fault" : undefined}>{model.fault || modelMetrics(model)}</small>}
              </span>
            </label>
          ))}
        </fieldset>
      ))}
    </div>
  );
}

interface PickerProps {
  models: Model[];
  value: string;
  error?: string | undefined;
  onChange: (name: string) => void;
}

// One model: what is chosen in one line, all there are in a list that opens below it.
export function ModelPicker({ models, value, error, onChange }: PickerProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const id = useId();
  const model = models.find((m) => m.name === value);

  useEffect(() => {
    if (!open) return;
    const input = box.current?.querySelector<HTMLInputElement>("input:checked") ?? box.current?.querySelector<HTMLInputElement>("input");
    input?.focus();
    const outside = (e: Event) => !box.current?.contains(e.target as Node) && setOpen(false);
    addEventListener("pointerdown", outside);
    addEventListener("focusin", outside);
    return () => {
      removeEventListener("pointerdown", outside);
      removeEventListener("focusin", outside);
    };
  }, [open]);

  const close = () => {
    setOpen(false);
    button.current?.focus();
  };
  const onKey = (e: KeyboardEvent) => {
    if (!open || (e.key !== "Escape" && e.key !== "Enter")) return;
    e.preventDefault();
    e.stopPropagation();
    close();
  };

  return (
    <div className={error ? "field bad" : "field"} ref={box} onKeyDown={onKey}>
      <span className="field-head" id={`${id}-label`}>
        Model
      </span>
      <div className="picker">
        <button
          type="button"
          ref={button}
          className="picker-button"
          name="model_name"
          aria-expanded={open}
          aria-labelledby={`${id}-label ${id}-value`}
          aria-describedby={error ? `${id}-error` : undefined}
          onClick={() => setOpen(!open)}
        >
          <span className="model-text" id={`${id}-value`}>
            {model ? (
              <>
                <span className="model-name">
                  {shortName(model)} <ModelBadges model={model} />
                </span>
                {model.run && <small>{model.run}</small>}
              </>
            ) : (
              <span className="faint">{value || "No model yet"}</span>
            )}
          </span>
          <Icon name="down" />
        </button>
        {open && (
          <div className="picker-panel">
            <ModelList
              models={models}
              kind="radio"
              name={`${id}-model`}
              chosen={[value]}
              onPick={(name, byPointer) => {
                onChange(name);
                if (byPointer) close();
              }}
            />
          </div>
        )}
      </div>
      {error && (
        <p className="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {model?.evaluation && <Verdict sentence={model.evaluation.sentence} />}
    </div>
  );
}

// The first sentence of a verdict says what to do; the others why.
function Verdict({ sentence }: { sentence: string }) {
  const [first = "", ...why] = sentence.split(/(?<=\.)\s+(?=[A-Z])/);
  return (
    <div className="verdict">
      <p className="field-hint">{first}</p>
      {why.length > 0 && (
        <details>
          <summary>More of the verdict</summary>
          <p className="field-hint">{why.join(" ")}</p>
        </details>
      )}
    </div>
  );
}

interface ChecksProps {
  models: Model[];
  chosen: string[];
  error?: string | undefined;
  onChange: (names: string[]) => void;
}

// Several models, in the order of the list whatever the order of the clicks.
export function ModelChecks({ models, chosen, error, onChange }: ChecksProps) {
  const set = (wanted: (name: string) => boolean) => onChange(models.filter((m) => !m.fault && wanted(m.name)).map((m) => m.name));
  const box = useRef<HTMLDivElement>(null);
  const there = models.length > 0;
  // The run that is chosen is what one wants to see first, also when it is the third of many.
  useEffect(() => {
    const list = box.current?.querySelector(".model-list");
    const first = [...(box.current?.querySelectorAll<HTMLElement>(".model-group") ?? [])].slice(1).find((g) => g.querySelector(":checked"));
    if (list && first) list.scrollTop = first.offsetTop - 12;
  }, [there]);
  const toggle = (name: string) => set((n) => (n === name ? !chosen.includes(n) : chosen.includes(n)));
  return (
    <div className={error ? "field bad" : "field"} role="group" aria-label="Models to compare" ref={box}>
      <span className="field-head">
        Models <span className="faint">{chosen.length} chosen</span>
      </span>
      <ModelList
        models={models}
        kind="checkbox"
        name="models"
        chosen={chosen}
        onPick={toggle}
        aside={(run, group) => {
          const able = group.filter((m) => !m.fault).map((m) => m.name);
          if (able.length === 0) return null;
          const all = able.every((n) => chosen.includes(n));
          return (
            <button type="button" className="link" onClick={() => set((n) => (able.includes(n) ? !all : chosen.includes(n)))}>
              {all ? "none" : "all"} <span className="offscreen">of {run}</span>
            </button>
          );
        }}
      />
      {error && <p className="field-error">{error}</p>}
    </div>
  );
}
