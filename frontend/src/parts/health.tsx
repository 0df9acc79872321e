import { useEffect, useRef, useState } from "react";
import type { HealthState } from "../state/health";

const TITLES = { ok: "Ready", busy: "Painting", loading: "Loading", failed: "Broken", gone: "No answer", locked: "Token needed", asking: "Asking" } as const;

// A dot and a word in the corner; opened, what the service says of itself.
export function HealthPill({ health }: { health: HealthState }) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const outside = (e: Event) => !box.current?.contains(e.target as Node) && setOpen(false);
    addEventListener("pointerdown", outside);
    return () => removeEventListener("pointerdown", outside);
  }, [open]);
  return (
    <div className="health" ref={box} onKeyDown={(e) => e.key === "Escape" && setOpen(false)}>
      <button type="button" className={`pill ${health.kind}`} aria-expanded={open} onClick={() => setOpen(!open)}>
        <i aria-hidden="true" />
        <span className="offscreen">Service: </span>
        {TITLES[health.kind]}
        {health.waiting > 0 && <span className="faint"> · {health.waiting} waiting</span>}
      </button>
      <span className="offscreen" role="status">
        {health.kind === "gone" ? "The service does not answer" : ""}
      </span>
      {open && (
        <div className="health-panel">
          {health.facts.length > 0 ? (
            <dl className="facts">
              {health.facts.map(([name, value]) => (
                <div key={name}>
                  <dt>{name}</dt>
                  <dd>{value}</dd>
                </div>
              ))}
            </dl>
          ) : (
            <p>The service has not answered yet.</p>
          )}
          <p className="faint">
            <a href="docs">API documentation</a>
          </p>
        </div>
      )}
    </div>
  );
}
