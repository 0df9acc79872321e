import type { Model } from "../api/types";
import { LIMITS, MOST_PICTURES } from "./settings";

// What is to be compared.
export interface Choice {
  models: string[] | null; // null: what is proposed; none at all is a choice, too
  images: number;
}

export function isChoice(v: unknown): v is Choice {
  if (typeof v !== "object" || v === null) return false;
  const { models, images } = v as Record<string, unknown>;
  return (models === null || (Array.isArray(models) && models.every((m) => typeof m === "string"))) && typeof images === "number";
}

// The chosen ones that are there, in the order of the list; null where so many of them are gone that nothing could be compared.
export function chosenOf(names: string[] | null, able: Model[]): string[] | null {
  if (names === null) return null;
  const there = able.filter((m) => names.includes(m.name)).map((m) => m.name);
  return there.length < names.length && there.length < LIMITS.models.min ? null : there;
}

const MOST_PROPOSED = 8;

// The base and the checkpoints of one run: that of `model`, else the one that an evaluation recommends a checkpoint of.
export function proposal(able: Model[], model: string): string[] {
  const checkpoints = able.filter((m) => m.type === "checkpoint");
  const run = able.find((m) => m.name === model)?.run || (checkpoints.find((m) => m.recommended) ?? checkpoints[0])?.run;
  const base = able.filter((m) => m.type === "base");
  const steps = spread(checkpoints.filter((m) => m.run === run), MOST_PROPOSED - base.length, (m) => m.recommended);
  return [...base, ...steps].map((m) => m.name);
}

// `count` of `all`, evenly from the first to the last; the one that is `wanted` takes the place of its neighbour.
export function spread<T>(all: T[], count: number, wanted: (one: T) => boolean): T[] {
  if (all.length <= count) return all;
  const places = Array.from({ length: count }, (_, i) => Math.round((i * (all.length - 1)) / (count - 1)));
  const pick = all.findIndex(wanted);
  if (pick > 0 && !places.includes(pick)) {
    const inner = places.slice(1, -1);
    const nearest = inner.reduce((a, b) => (Math.abs(b - pick) < Math.abs(a - pick) ? b : a));
    places[places.indexOf(nearest)] = pick;
  }
  return places.flatMap((i) => all[i] ?? []);
}

// Why this cannot be compared; "" when it can.
export function obstacle(models: number, images: number, able: number): string {
  const { min, max } = LIMITS.models;
  if (able === 0) return "No models are known yet.";
  if (able === 1) return "There is only one model; train a run to have others beside it.";
  if (models === 0) return "Choose two models or more.";
  if (models < min) return "Choose one model more: a comparison takes two.";
  if (models > max) return `${models} models; ${max} are the most.`;
  if (models * images > MOST_PICTURES) return `${models * images} pictures; ${MOST_PICTURES} are the most.`;
  return "";
}
