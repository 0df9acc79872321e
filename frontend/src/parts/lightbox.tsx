import { useEffect, useRef } from "react";
import { imageUrl } from "../api/client";
import type { Sample } from "../api/types";
import { factsOf, fileName } from "../state/facts";
import { copyText, saveJson } from "../state/save";
import { DeleteButton } from "./delete";
import { Icon } from "./icons";
import { useSay } from "./toast";

interface LightboxProps {
  samples: Sample[];
  index: number;
  onMove: (index: number) => void;
  onClose: () => void;
  onFavourite: (sample: Sample) => void;
  onReuse: (sample: Sample) => void;
  onCompare: (sample: Sample) => void;
  onDelete?: ((sample: Sample) => Promise<void>) | undefined; // throws when that failed
  settingsOf: (sample: Sample) => unknown;
}

// One picture, large, with all that made it. The dialog is the browser's own: it keeps the focus and closes on Escape.
export function Lightbox({ samples, index, onMove, onClose, onFavourite, onReuse, onCompare, onDelete, settingsOf }: LightboxProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const say = useSay();
  const sample = samples[index];
  useEffect(() => {
    const d = dialog.current;
    if (d && !d.open) d.showModal();
  }, []);
  if (!sample) return null;
  const last = samples.length - 1;
  const copy = async () => say((await copyText(JSON.stringify(settingsOf(sample), null, 2))) ? "Settings copied" : "The browser does not let the page copy");
  return (
    <dialog
      ref={dialog}
      className="lightbox"
      aria-label={`Picture with seed ${sample.seed}`}
      onClose={onClose}
      onClick={(e) => e.target === dialog.current && dialog.current.close()}
      onKeyDown={(e) => {
        if (e.key === "ArrowLeft" && index > 0) onMove(index - 1);
        if (e.key === "ArrowRight" && index < last) onMove(index + 1);
      }}
    >
      <button type="button" className="tool lightbox-close" aria-label="Close" onClick={() => dialog.current?.close()}>
        <Icon name="close" />
      </button>
      <div className="lightbox-body">
        <div className="lightbox-stage">
          <img src={imageUrl(sample.id)} alt={sample.metadata.prompt} width={sample.metadata.width} height={sample.metadata.height} />
          {last > 0 && (
            <div className="lightbox-steps">
              <button type="button" className="tool" aria-label="Previous picture" disabled={index === 0} onClick={() => onMove(index - 1)}>
                <Icon name="left" />
              </button>
              <span aria-live="polite">
                {index + 1} of {samples.length}
              </span>
              <button type="button" className="tool" aria-label="Next picture" disabled={index === last} onClick={() => onMove(index + 1)}>
                <Icon name="right" />
              </button>
            </div>
          )}
        </div>
        <div className="lightbox-facts">
          <h2>How it was made</h2>
          <p className="lightbox-prompt">{sample.metadata.prompt}</p>
          <dl className="facts">
            {factsOf(sample).map(([name, value]) => (
              <div key={name}>
                <dt>{name}</dt>
                <dd>{value}</dd>
              </div>
            ))}
          </dl>
          <div className="actions">
            <button type="button" className="button" onClick={() => onReuse(sample)}>
              <Icon name="reuse" /> Use these settings
            </button>
            <button type="button" className="button quiet" onClick={() => onCompare(sample)}>
              <Icon name="compare" /> Compare checkpoints
            </button>
            <button type="button" className="button quiet" onClick={copy}>
              <Icon name="copy" /> Copy settings
            </button>
            <a className="button quiet" href={imageUrl(sample.id)} download={fileName(sample)}>
              <Icon name="download" /> PNG
            </a>
            <button type="button" className="button quiet" onClick={() => saveJson(sample, fileName(sample).replace(/png$/, "json"))}>
              <Icon name="json" /> Metadata
            </button>
            <button type="button" className="button quiet star" aria-pressed={sample.favourite} onClick={() => onFavourite(sample)}>
              <Icon name="star" filled={sample.favourite} /> Favourite
            </button>
            {onDelete && <DeleteButton key={sample.id} onDelete={() => onDelete(sample)} />}
          </div>
        </div>
      </div>
    </dialog>
  );
}
