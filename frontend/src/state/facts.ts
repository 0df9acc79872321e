import type { Health, Sample } from "../api/types";

export const shortModel = (name: string): string => name.split("/").at(-1) ?? name;

// `my_shoes/checkpoint-500` where there is little room.
export const stepName = (name: string): string => shortModel(name).replace(/^checkpoint-(?=\d+$)/, "step ");

export const fileName = (s: Sample): string => `${s.metadata.model.replace(/[^\w.-]+/g, "_")}_seed${s.seed}_${s.id.slice(0, 6)}.png`;

const round = (n: number, digits = 2): string => String(Number(n.toFixed(digits)));

export const bytes = (n: number): string => (n < 1e6 ? `${Math.max(1, Math.round(n / 1e3))} kB` : n < 1e9 ? `${round(n / 1e6, 1)} MB` : `${round(n / 1e9, 1)} GB`);

export function duration(seconds: number): string {
  if (seconds < 10) return `${round(Math.max(0, seconds), 1)} s`;
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${Math.round(seconds / 3600)} h`;
}

export type Facts = [name: string, value: string][];

// What a person wants to know of a picture, in reading order.
export function factsOf(s: Sample): Facts {
  const m = s.metadata;
  return [
    ...(m.negative_prompt ? ([["Negative prompt", m.negative_prompt]] as Facts) : []),
    ["Model", m.model],
    ...(m.model === "base" ? [] : ([["Adapter weight", round(m.adapter_weight)]] as Facts)),
    ["Seed", String(s.seed)],
    ["Steps", String(m.steps)],
    ["Guidance", round(m.guidance_scale)],
    ["Scheduler", m.timestep_spacing ? `${m.scheduler}, ${m.timestep_spacing}` : m.scheduler],
    ["Size", `${m.width} × ${m.height}`],
    ["Painted", `${new Date(s.created).toLocaleString()}, in ${duration(m.seconds)}`],
    ["On", [m.device, m.dtype].filter(Boolean).join(", ")],
    ["File", bytes(s.bytes)],
  ];
}

// And of the service; before the base is loaded, some of it is not known.
export function factsOfHealth(h: Health): Facts {
  const { memory, queue, history, versions } = h;
  const all: Facts = [
    ["Base", `${h.base}${h.size ? `, ${h.size} pixels` : ""}`],
    ["Device", [h.device_name || h.device, h.dtype].filter(Boolean).join(", ")],
    ["Memory", `${bytes(memory.process ?? 0)} used, ${bytes(memory.free ?? 0)} free${memory.gpu ? `, ${bytes(memory.gpu)} on the device` : ""}`],
    ["Queue", `${queue.running ?? 0} running, ${queue.waiting ?? 0} of ${queue.capacity ?? 0} waiting`],
    ["Adapters in memory", String(h.adapters.length)],
    ["History", `${history.pictures ?? 0} pictures, ${bytes(history.bytes ?? 0)}`],
    ["Running for", duration(h.uptime)],
    ["Versions", ["shoes-lora", "torch", "diffusers"].flatMap((k) => (versions[k] ? [`${k} ${versions[k]}`] : [])).join(", ")],
  ];
  return all.filter(([, value]) => value !== "");
}
