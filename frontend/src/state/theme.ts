import { useEffect } from "react";
import { useStored } from "./stored";

export const THEMES = ["auto", "light", "dark"] as const;
export type Theme = (typeof THEMES)[number];
const isTheme = (v: unknown): v is Theme => THEMES.includes(v as Theme);

export function useTheme() {
  const [theme, setTheme] = useStored<Theme>("theme", "auto", isTheme);
  useEffect(() => {
    if (theme === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return [theme, setTheme] as const;
}
