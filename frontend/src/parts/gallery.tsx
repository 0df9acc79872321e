import type { ReactNode } from "react";
import { imageUrl } from "../api/client";
import type { Sample } from "../api/types";
import { fileName, shortModel, stepName } from "../state/facts";
import { Icon } from "./icons";

interface CardProps {
  sample: Sample;
  onOpen: () => void;
  onFavourite: () => void;
  check?: { on: boolean; toggle: () => void };
  showModel?: boolean;
}

export function Card({ sample, onOpen, onFavourite, check, showModel = false }: CardProps) {
  return (
    <li className={check?.on ? "card checked" : "card"}>
      <button type="button" className="card-picture" onClick={onOpen} aria-label={`Look closer: seed ${sample.seed}, ${sample.metadata.prompt}`}>
        <img src={imageUrl(sample.id)} alt={sample.metadata.prompt} width={sample.metadata.width} height={sample.metadata.height} loading="lazy" decoding="async" />
      </button>
      {check && (
        <label className="card-check">
          <input type="checkbox" checked={check.on} onChange={check.toggle} aria-label={`Select seed ${sample.seed}, ${shortModel(sample.metadata.model)}`} />
        </label>
      )}
      <div className="card-line">
        <span className="card-facts">
          {showModel && <b title={sample.metadata.model}>{stepName(sample.metadata.model)}</b>}
          <span>seed {sample.seed}</span>
        </span>
        <FavouriteButton sample={sample} onClick={onFavourite} />
        <a className="tool small" href={imageUrl(sample.id)} download={fileName(sample)} aria-label={`Download seed ${sample.seed}`} title="Download PNG">
          <Icon name="download" />
        </a>
      </div>
    </li>
  );
}

export function FavouriteButton({ sample, onClick }: { sample: Sample; onClick: () => void }) {
  return (
    <button type="button" className="tool small star" aria-pressed={sample.favourite} aria-label={`Favourite, seed ${sample.seed}`} title={sample.favourite ? "No favourite any more" : "Make it a favourite"} onClick={onClick}>
      <Icon name="star" filled={sample.favourite} />
    </button>
  );
}

export function Grid({ children, label, busy = false }: { children: ReactNode; label: string; busy?: boolean }) {
  return (
    <ul className="gallery" aria-label={label} aria-busy={busy}>
      {children}
    </ul>
  );
}

// A picture that is still being painted, as far as it is.
export function Coming({ preview, number }: { preview: string | undefined; number: number }) {
  return (
    <li className="card coming">
      <div className="card-picture">{preview ? <img src={preview} alt={`Preview of picture ${number}`} /> : <span className="offscreen">Picture {number} is not there yet</span>}</div>
    </li>
  );
}
