import { useCallback, useState } from "react";

const PREFIX = "shoes-lora.";

// A value that survives a reload; what cannot be read, or does not fit any more, is replaced by the default.
export function readStored<T>(key: string, initial: T, fits: (value: unknown) => value is T): T {
  try {
    const value: unknown = JSON.parse(localStorage.getItem(PREFIX + key) ?? "null");
    return fits(value) ? value : initial;
  } catch {
    return initial;
  }
}

export function writeStored(key: string, value: unknown): void {
  try {
    localStorage.setItem(PREFIX + key, JSON.stringify(value));
  } catch {
    // Storage may be switched off or full; the page then forgets, and works.
  }
}

export function forgetStored(): void {
  try {
    for (const key of Object.keys(localStorage)) if (key.startsWith(PREFIX)) localStorage.removeItem(key);
  } catch {
    // Where nothing can be read, nothing was stored.
  }
}

export function useStored<T>(key: string, initial: T, fits: (value: unknown) => value is T) {
  const [value, setValue] = useState(() => readStored(key, initial, fits));
  const set = useCallback(
    (next: T | ((old: T) => T)) =>
      setValue((old) => {
        const made = typeof next === "function" ? (next as (old: T) => T)(old) : next;
        writeStored(key, made);
        return made;
      }),
    [key],
  );
  return [value, set] as const;
}
