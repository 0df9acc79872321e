import { useState } from "react";
import { zipSamples } from "../api/client";
import { words } from "../api/problem";
import type { Sample } from "../api/types";
import { saveBlob, saveJson } from "../state/save";
import { Icon } from "./icons";
import { useSay } from "./toast";

// Several pictures at once, as one file; or all that made them, as JSON.
export function PictureTools({ samples, what = "" }: { samples: Sample[]; what?: string }) {
  const say = useSay();
  const [busy, setBusy] = useState(false);
  const zip = async () => {
    setBusy(true);
    try {
      saveBlob(await zipSamples(samples.map((s) => s.id)), "pictures.zip");
      say(`${samples.length} ${samples.length === 1 ? "picture" : "pictures"} in pictures.zip`);
    } catch (error) {
      say(words(error));
    }
    setBusy(false);
  };
  return (
    <div className="tools">
      <button type="button" className="button quiet" aria-disabled={busy} onClick={() => !busy && void zip()}>
        <Icon name="download" /> ZIP{what}
      </button>
      <button type="button" className="button quiet" onClick={() => saveJson(samples, "pictures.json")}>
        <Icon name="json" /> Metadata
      </button>
    </div>
  );
}
