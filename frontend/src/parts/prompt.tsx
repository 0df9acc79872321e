import { useId, useState } from "react";
import { Field } from "./field";
import { Icon } from "./icons";

interface PromptProps {
  value: string;
  min: number;
  max: number;
  error?: string | undefined;
  examples: [string, string[]][]; // category and its prompts
  onChange: (value: string) => void;
}

export function PromptField({ value, min, max, error, examples, onChange }: PromptProps) {
  const length = value.trim().length;
  const short = length > 0 && length < min;
  return (
    <>
      <Field
        label="Prompt"
        name="prompt"
        error={error}
        aside={
          <span className={short || length > max ? "count bad" : "count"}>
            <span className="offscreen">Characters: </span>
            {length} / {max}
          </span>
        }
        hint={short && !error ? `At least ${min} characters.` : undefined}
      >
        {(ids) => <textarea {...ids} rows={3} value={value} placeholder="A professional product photo of red casual shoes, centered on white background" onChange={(e) => onChange(e.target.value)} />}
      </Field>
      {examples.length > 0 && <Suggestions examples={examples} onPick={onChange} />}
    </>
  );
}

export function Suggestions({ examples, onPick }: { examples: [string, string[]][]; onPick: (prompt: string) => void }) {
  const id = useId();
  const [category, setCategory] = useState(0);
  const [name, prompts] = examples[Math.min(category, examples.length - 1)] ?? ["", []];
  return (
    <details className="suggestions">
      <summary>
        <Icon name="spark" /> Suggestions
      </summary>
      <div className="chips" role="group" aria-label="Categories">
        {examples.map(([label], i) => (
          <button type="button" key={label} className="chip" aria-pressed={label === name} aria-controls={id} onClick={() => setCategory(i)}>
            {label}
          </button>
        ))}
      </div>
      <ul id={id} aria-label={`Suggestions: ${name}`}>
        {prompts.map((prompt) => (
          <li key={prompt}>
            <button type="button" onClick={() => onPick(prompt)}>
              {prompt}
            </button>
          </li>
        ))}
      </ul>
    </details>
  );
}
