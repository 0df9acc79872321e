import { useSyncExternalStore } from "react";

// Where the page is: `#/history?model=x&page=2`. The service knows one address only, so it needs no rules for the others.
export const VIEWS = ["generate", "compare", "history"] as const;
export type View = (typeof VIEWS)[number];
export interface Route {
  view: View;
  params: URLSearchParams;
}

export function parseRoute(hash: string): Route {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  return { view: VIEWS.find((v) => v === path) ?? "generate", params: new URLSearchParams(query) };
}

export function routeHash(view: View, params: Record<string, string> = {}): string {
  const query = new URLSearchParams(Object.entries(params).filter(([, v]) => v !== "")).toString();
  return `#/${view}${query && `?${query}`}`;
}

// `replace` for what is typed letter by letter: the back button should not spell it backwards.
export function go(view: View, params: Record<string, string> = {}, replace = false): void {
  const hash = routeHash(view, params);
  if (!replace) location.hash = hash;
  else {
    history.replaceState(null, "", hash);
    dispatchEvent(new HashChangeEvent("hashchange"));
  }
}

const subscribe = (changed: () => void) => {
  addEventListener("hashchange", changed);
  return () => removeEventListener("hashchange", changed);
};

export const useRoute = (): Route => parseRoute(useSyncExternalStore(subscribe, () => location.hash));
