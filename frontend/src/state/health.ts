import { useCallback, useEffect, useState } from "react";
import { getHealth, whenLocked } from "../api/client";
import { Refusal } from "../api/problem";
import { factsOfHealth, type Facts } from "./facts";

export interface HealthState {
  kind: "asking" | "ok" | "busy" | "loading" | "failed" | "gone" | "locked";
  detail: string;
  waiting: number;
  size: number; // pixels the base was trained at, 0 while that is not known
  facts: Facts;
  round: number; // grows whenever the service is there again, so that what depends on it is read anew
}

const START: HealthState = { kind: "asking", detail: "", waiting: 0, size: 0, facts: [], round: 0 };
const EVERY_MS = 4000;
const EVERY_MS_GONE = 1500;

// Asks the service how it is, more often while it is gone, and not while nobody looks.
export function useHealth(): [HealthState, () => void] {
  const [state, setState] = useState(START);
  const [asked, setAsked] = useState(0);
  const again = useCallback(() => setAsked((n) => n + 1), []);

  useEffect(() => {
    whenLocked(() => setState((s) => ({ ...s, kind: "locked" })));
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    let asking = false;
    // Milliseconds until the next question; null: none by itself.
    const ask = async (): Promise<number | null> => {
      try {
        const h = await getHealth(AbortSignal.timeout(10_000));
        if (!current) return null;
        const kind = h.status !== "ok" ? h.status : h.queue.running ? "busy" : "ok";
        const back = (s: HealthState) => (s.kind === "gone" || s.kind === "locked" ? s.round + 1 : s.round);
        setState((s) => ({ kind, detail: h.detail, waiting: h.queue.waiting ?? 0, size: h.size, facts: factsOfHealth(h), round: back(s) }));
        return h.status === "loading" ? EVERY_MS_GONE : EVERY_MS;
      } catch (error) {
        if (!current) return null;
        const locked = error instanceof Refusal && error.status === 401;
        setState((s) => ({ ...s, kind: locked ? "locked" : "gone" }));
        return locked ? null : EVERY_MS_GONE; // a token has to be given first
      }
    };
    // One question at a time: whoever comes back to the page while one is on its way waits for its answer.
    const look = async () => {
      clearTimeout(timer);
      if (asking || document.hidden) return;
      asking = true;
      const wait = await ask();
      asking = false;
      if (current && wait !== null) timer = setTimeout(seen, wait);
    };
    const seen = () => void look();
    seen();
    document.addEventListener("visibilitychange", seen);
    return () => {
      current = false;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", seen);
    };
  }, [asked]);
  return [state, again];
}
