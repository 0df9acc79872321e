import { useState, type InputHTMLAttributes } from "react";

interface NumberBoxProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "value" | "onChange" | "onBlur"> {
  value: number;
  min: number;
  max: number;
  step: number;
  onChange: (value: number, typed: boolean) => void; // not typed: the number from before, because the box was emptied
}

// A browser gives "" for what is no number yet, such as the minus of "-0.5".
const isNumber = (text: string) => text !== "" && Number.isFinite(Number(text));

// The nearest number that fits; only whole ones where the step is 1.
export function fitting(value: number, min: number, max: number, step: number): number {
  return Math.min(max, Math.max(min, step === 1 ? Math.round(value) : value));
}

// What is typed stands as it is until the box is left: "", "-" and the 3 of "30" must not be put right under the fingers.
// The value is the number that stands there, so that a form that is sent meanwhile says what the page shows.
export function NumberBox({ value, min, max, step, onChange, ...rest }: NumberBoxProps) {
  const [typing, setTyping] = useState<{ text: string; before: number } | null>(null);
  const type = (text: string) => {
    const before = typing?.before ?? value;
    setTyping({ text, before });
    if (isNumber(text)) onChange(Number(text), true);
    else onChange(before, false);
  };
  const leave = () => {
    const fits = fitting(value, min, max, step);
    if (typing && fits !== value) onChange(fits, true);
    setTyping(null);
  };
  // A value that came from elsewhere meanwhile is shown instead.
  const shown = typing && (!isNumber(typing.text) || Number(typing.text) === value) ? typing.text : String(value);
  return <input {...rest} type="number" min={min} max={max} step={step} value={shown} onChange={(e) => type(e.target.value)} onBlur={leave} />;
}
