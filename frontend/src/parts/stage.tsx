import { useEffect, useId, useState } from "react";
import { imageUrl } from "../api/client";
import type { Model, Sample } from "../api/types";
import { shortModel } from "../state/facts";
import { ModelBadges, modelMetrics } from "./badge";
import { Icon } from "./icons";

export type Entry = Model | string; // a name alone where the model is gone by now
export const entryName = (e: Entry): string => (typeof e === "string" ? shortModel(e) : e.type === "base" ? "Base" : shortModel(e.name));
const tick = (e: Entry): string => (typeof e === "string" ? shortModel(e).replace("checkpoint-", "") : e.type === "checkpoint" ? String(e.step) : e.type);

interface StageProps {
  entries: Entry[];
  seeds: number[];
  rows: (Sample | null)[][];
  onOpen: (id: string) => void;
}

const FRAME_MS = 900;

// One place where the models follow each other: what the slider changes is the model, and nothing else.
export function Stage({ entries, seeds, rows, onOpen }: StageProps) {
  const id = useId();
  const [row, setRow] = useState(0);
  const [column, setColumn] = useState(0);
  const [playing, setPlaying] = useState(false);
  const pictures = rows[Math.min(row, rows.length - 1)] ?? [];
  const there = pictures.flatMap((s, i) => (s ? [i] : [])).join(" "); // as text, so that the timer below goes on while it stays the same
  const shown = pictures[column] ?? null;
  const entry = entries[column];

  useEffect(() => {
    if (!playing || !there) return;
    const order = there.split(" ").map(Number);
    const timer = setInterval(() => setColumn((c) => order[(order.indexOf(c) + 1) % order.length] ?? c), FRAME_MS);
    return () => clearInterval(timer);
  }, [playing, there]);
  if (entry === undefined) return null;

  return (
    <section className="panel stage" aria-label="Slider through the models">
      <div className="stage-picture">
        {/* All of them lie on each other, so that the next one is there at once. */}
        {pictures.map((s, i) => s && <img key={s.id} src={imageUrl(s.id)} className={i === column ? "shown" : ""} alt={i === column ? `${entryName(entry)}: ${s.metadata.prompt}` : ""} aria-hidden={i !== column} width={s.metadata.width} height={s.metadata.height} />)}
        {!shown && <span className="soft">Not painted yet</span>}
        {shown && (
          <button type="button" className="stage-open" onClick={() => onOpen(shown.id)}>
            <span className="offscreen">Look closer at {entryName(entry)}</span>
          </button>
        )}
      </div>
      <div className="stage-side">
        <p className="stage-name" aria-live="polite">
          <b>{entryName(entry)}</b> {typeof entry !== "string" && <ModelBadges model={entry} />}
        </p>
        {typeof entry !== "string" && <p className="soft">{[entry.run, modelMetrics(entry)].filter(Boolean).join(" · ") || entry.description}</p>}
        <div className="slider">
          <label className="offscreen" htmlFor={id}>
            Model shown
          </label>
          <input id={id} type="range" min={0} max={entries.length - 1} step={1} value={column} aria-valuetext={entryName(entry)} onChange={(e) => (setPlaying(false), setColumn(Number(e.target.value)))} />
          <div className="ticks" aria-hidden="true">
            {entries.map((e, i) => (
              <span key={i} className={i === column ? "on" : undefined}>
                {tick(e)}
              </span>
            ))}
          </div>
        </div>
        <div className="stage-buttons">
          <button type="button" className="button quiet" aria-pressed={playing} onClick={() => setPlaying(!playing)}>
            <Icon name={playing ? "pause" : "play"} /> {playing ? "Stop" : "Play"}
          </button>
          {seeds.length > 1 && (
            <div className="chips" role="group" aria-label="Seed">
              {seeds.map((seed, i) => (
                <button type="button" key={seed} className="chip" aria-pressed={i === row} onClick={() => setRow(i)}>
                  seed {seed}
                </button>
              ))}
            </div>
          )}
        </div>
      </div>
    </section>
  );
}
