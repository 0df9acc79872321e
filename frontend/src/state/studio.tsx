import { createContext, useCallback, useContext, useMemo, type ReactNode } from "react";
import { getExamples, getModels, markSample } from "../api/client";
import { words } from "../api/problem";
import type { Model, Sample } from "../api/types";
import { useSay } from "../parts/toast";
import type { HealthState } from "./health";
import { useResource } from "./resource";
import { go } from "./route";
import { defaults, isSettings, settingsOf, type Settings } from "./settings";
import { useStored } from "./stored";

// What the views share: the settings of the form, the models, and what can be done with a picture anywhere.
interface Studio {
  health: HealthState;
  settings: Settings;
  set: (change: Partial<Settings>) => void;
  models: Model[];
  model: string; // the chosen one, or the service's proposal
  notes: string[]; // runs that could not be read
  modelsError: unknown;
  reloadModels: () => void;
  examples: [string, string[]][];
  reuse: (sample: Sample) => void;
  compareWith: (sample: Sample) => void;
  favourite: (sample: Sample) => Promise<Sample | null>; // as it is then; null when that failed
}

const Context = createContext<Studio | null>(null);

export function useStudio(): Studio {
  const studio = useContext(Context);
  if (!studio) throw new Error("useStudio outside of StudioProvider");
  return studio;
}

export function StudioProvider({ health, children }: { health: HealthState; children: ReactNode }) {
  const say = useSay();
  const [settings, setSettings] = useStored<Settings>("settings", defaults(), isSettings);
  const models = useResource(`models ${health.round} ${health.kind === "busy"}`, getModels);
  const examples = useResource(`examples ${health.round}`, getExamples);

  const set = useCallback((change: Partial<Settings>) => setSettings((s) => ({ ...s, ...change })), [setSettings]);
  const take = useCallback((sample: Sample) => set({ ...settingsOf(sample), locked: true, num_images: 1 }), [set]);
  const reuse = useCallback(
    (sample: Sample) => {
      take(sample);
      go("generate");
      say("Settings taken over; the seed is kept");
    },
    [take, say],
  );
  const compareWith = useCallback(
    (sample: Sample) => {
      take(sample);
      go("compare");
      say("Prompt and seed taken over");
    },
    [take, say],
  );
  const favourite = useCallback(
    async (sample: Sample) => {
      try {
        return await markSample(sample.id, !sample.favourite);
      } catch (error) {
        say(words(error));
        return null;
      }
    },
    [say],
  );

  const { data, error, reload } = models;
  const list = data?.models ?? [];
  const model = settings.model_name || data?.default || "";
  const studio = useMemo(
    () => ({ health, settings, set, models: list, model, notes: data?.notes ?? [], modelsError: error, reloadModels: reload, examples: examples.data ?? [], reuse, compareWith, favourite }),
    [health, settings, set, list, model, data, error, reload, examples.data, reuse, compareWith, favourite],
  );
  return <Context.Provider value={studio}>{children}</Context.Provider>;
}
