import { imageUrl } from "../api/client";
import type { Sample } from "../api/types";
import { stepName } from "../state/facts";
import { ModelBadges } from "./badge";
import { entryName, type Entry } from "./stage";

interface SideBySideProps {
  entries: Entry[];
  seeds: number[];
  rows: (Sample | null)[][];
  busy: boolean;
  previews: string[];
  onOpen: (id: string) => void;
}

// A column for each model, a row for each seed; what does not fit on the screen is scrolled to.
export function SideBySide({ entries, seeds, rows, busy, previews, onOpen }: SideBySideProps) {
  // The service paints model by model, so the previews belong to the first places that are empty in that order.
  const waiting = entries.flatMap((_, c) => seeds.map((_, r) => [r, c] as const)).filter(([r, c]) => !rows[r]?.[c]);
  const preview = (r: number, c: number) => previews[waiting.findIndex((w) => w[0] === r && w[1] === c)];
  const runs = new Set(entries.flatMap((e) => (typeof e !== "string" && e.run ? [e.run] : [])));
  return (
    <div className="wide" tabIndex={0} role="region" aria-label="Side by side">
      <table className="side" aria-busy={busy}>
        <thead>
          <tr>
            <td />
            {entries.map((e, c) => (
              <th key={c} scope="col">
                {typeof e === "string" ? stepName(e) : e.type === "base" ? "Base" : stepName(e.name)}
                {runs.size > 1 && typeof e !== "string" && <small>{e.run}</small>}
                {typeof e !== "string" && <ModelBadges model={e} stepless />}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {seeds.map((seed, r) => (
            <tr key={seed}>
              <th scope="row">seed {seed}</th>
              {entries.map((e, c) => {
                const sample = rows[r]?.[c];
                const look = preview(r, c);
                return (
                  <td key={c}>
                    {sample ? (
                      <button type="button" className="card-picture" onClick={() => onOpen(sample.id)} aria-label={`Look closer: ${entryName(e)}, seed ${seed}`}>
                        <img src={imageUrl(sample.id)} alt={`${entryName(e)}, seed ${seed}`} width={sample.metadata.width} height={sample.metadata.height} />
                      </button>
                    ) : (
                      <div className={busy ? "card-picture coming" : "card-picture none"}>{look && <img src={look} alt="Preview" />}</div>
                    )}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
