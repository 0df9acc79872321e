import { useState, type ReactNode } from "react";
import type { Sample } from "../api/types";
import { settingsOf } from "../state/settings";
import { useStudio } from "../state/studio";
import { Lightbox } from "./lightbox";

// A lightbox over some pictures: what to render, and how to open it at one of them.
export function useLightbox(samples: Sample[], onChange: (sample: Sample) => void, onDelete?: (sample: Sample) => Promise<void>): [ReactNode, (id: string) => void] {
  const { reuse, compareWith, favourite } = useStudio();
  const [id, setId] = useState("");
  const index = samples.findIndex((s) => s.id === id);
  const leave = (then: (s: Sample) => void) => (s: Sample) => {
    setId("");
    then(s);
  };
  const box = index >= 0 && (
    <Lightbox
      samples={samples}
      index={index}
      onMove={(i) => setId(samples[i]?.id ?? "")}
      onClose={() => setId("")}
      onFavourite={(s) => void favourite(s).then((marked) => marked && onChange(marked))}
      onReuse={leave(reuse)}
      onCompare={leave(compareWith)}
      onDelete={onDelete}
      settingsOf={settingsOf}
    />
  );
  return [box, setId];
}
