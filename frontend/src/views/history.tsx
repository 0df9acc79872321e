import { useEffect, useState } from "react";
import { flushSync } from "react-dom";
import { deleteSample, getSamples } from "../api/client";
import { Refusal } from "../api/problem";
import type { Sample, SamplesPage } from "../api/types";
import { Card, Grid } from "../parts/gallery";
import { Icon } from "../parts/icons";
import { Notice } from "../parts/notice";
import { useSay } from "../parts/toast";
import { PictureTools } from "../parts/tools";
import { useLightbox } from "../parts/viewer";
import { useResource } from "../state/resource";
import { go } from "../state/route";
import { useStudio } from "../state/studio";

const PER_PAGE = 24;

// The filter is the address, so that a reload, the back button and a bookmark show the same pictures.
export interface HistoryFilter {
  model: string;
  search: string;
  favourite: boolean;
  page: number; // from 1
}

export function readFilter(params: URLSearchParams): HistoryFilter {
  const page = Number(params.get("page"));
  return { model: params.get("model") ?? "", search: params.get("search") ?? "", favourite: params.get("favourites") === "1", page: Number.isInteger(page) && page > 0 ? page : 1 };
}

export const writeFilter = (f: HistoryFilter): Record<string, string> => ({ model: f.model, search: f.search, favourites: f.favourite ? "1" : "", page: f.page > 1 ? String(f.page) : "" });

export function HistoryView({ params, onDelete }: { params: URLSearchParams; onDelete: (id: string) => void }) {
  const { health, models } = useStudio();
  const filter = readFilter(params);
  const { model, search, favourite, page } = filter;
  const show = (change: Partial<HistoryFilter>, replace = false) => go("history", writeFilter({ ...filter, page: 1, ...change }), replace);
  const key = JSON.stringify([filter, health.round]);
  const { data, error, loading, reload } = useResource<SamplesPage>(key, () => getSamples({ model, search, favourite, limit: PER_PAGE, offset: (page - 1) * PER_PAGE }));
  const names = [...new Set([...models.map((m) => m.name), ...(model ? [model] : [])])];
  const remove = async (sample: Sample) => {
    await deleteSample(sample.id).catch(unlessGone);
    onDelete(sample.id);
    reload();
  };
  const filtered = model !== "" || search !== "" || favourite;

  return (
    <div className="history">
      <div className="toolbar" role="search" aria-label="History">
        <Search value={search} onChange={(text) => show({ search: text }, true)} />
        <label className="select">
          <span className="offscreen">Model</span>
          <select value={model} onChange={(e) => show({ model: e.target.value })}>
            <option value="">All models</option>
            {names.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <button type="button" className="chip star" aria-pressed={favourite} onClick={() => show({ favourite: !favourite })}>
          <Icon name="star" filled={favourite} /> Favourites
        </button>
      </div>
      {error !== null && (
        <Notice error={error}>
          <button type="button" className="button quiet" onClick={reload}>
            Try again
          </button>
        </Notice>
      )}
      {data && <Page key={key} page={data} number={page} busy={loading} filtered={filtered} onPage={(n) => show({ page: n })} onDelete={remove} />}
      {!data && loading && (
        <p className="soft" role="status">
          Reading the history…
        </p>
      )}
    </div>
  );
}

// A picture that is not there any more does not have to be deleted.
function unlessGone(error: unknown): void {
  if (!(error instanceof Refusal && error.status === 404)) throw error;
}

// What is typed is asked for when the typing pauses.
function Search({ value, onChange }: { value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text.trim() === value) return;
    const timer = setTimeout(() => onChange(text.trim()), 300);
    return () => clearTimeout(timer);
  });
  return (
    <label className="searchbox">
      <Icon name="search" />
      <span className="offscreen">Search in prompts</span>
      <input type="search" placeholder="Search in prompts" maxLength={200} value={text} onChange={(e) => setText(e.target.value)} />
    </label>
  );
}

interface PageProps {
  page: SamplesPage;
  number: number;
  busy: boolean;
  filtered: boolean;
  onPage: (number: number) => void;
  onDelete: (sample: Sample) => Promise<void>;
}

function Page({ page, number, busy, filtered, onPage, onDelete }: PageProps) {
  const { favourite } = useStudio();
  const say = useSay();
  const [samples, setSamples] = useState(page.samples);
  useEffect(() => setSamples(page.samples), [page]);
  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const change = (sample: Sample) => setSamples((all) => all.map((s) => (s.id === sample.id ? sample : s)));
  const remove = async (sample: Sample) => {
    await onDelete(sample);
    // At once: while the dialog is open nothing outside of it can get the focus, and the button that opened it goes, too.
    flushSync(() => setSamples((all) => all.filter((s) => s.id !== sample.id)));
    document.getElementById("main")?.focus();
    say("Picture deleted");
  };
  const [lightbox, open] = useLightbox(samples, change, remove);
  const toggle = (id: string) =>
    setChecked((old) => {
      const next = new Set(old);
      if (!next.delete(id)) next.add(id);
      return next;
    });
  const chosen = samples.filter((s) => checked.has(s.id));
  const first = page.offset + 1;
  const last = page.offset + samples.length;

  if (samples.length === 0)
    return (
      <div className="empty">
        <h2>{filtered ? "No picture fits" : page.total > 0 ? "This page is empty" : "No pictures yet"}</h2>
        <p className="soft">{filtered ? "Try other words, or another model." : page.total > 0 ? "" : "What you generate or compare is kept here."}</p>
        {page.total > 0 && (
          <button type="button" className="button quiet" onClick={() => onPage(1)}>
            First page
          </button>
        )}
      </div>
    );
  return (
    <>
      <div className="results-head">
        <p className="soft" role="status">
          {first}–{last} of {page.total}
          {chosen.length > 0 && ` · ${chosen.length} selected`}
        </p>
        <PictureTools samples={chosen.length > 0 ? chosen : samples} what={chosen.length > 0 ? ` of ${chosen.length} selected` : " of this page"} />
      </div>
      <Grid label="Pictures of the history" busy={busy}>
        {samples.map((sample) => (
          <Card
            key={sample.id}
            sample={sample}
            showModel
            onOpen={() => open(sample.id)}
            onFavourite={() => void favourite(sample).then((s) => s && change(s))}
            check={{ on: checked.has(sample.id), toggle: () => toggle(sample.id) }}
          />
        ))}
      </Grid>
      {page.total > page.limit && (
        <nav className="pages" aria-label="Pages">
          <button type="button" className="button quiet" disabled={number === 1} onClick={() => onPage(number - 1)}>
            <Icon name="left" /> Newer
          </button>
          <span className="soft">
            Page {number} of {Math.ceil(page.total / page.limit)}
          </span>
          <button type="button" className="button quiet" disabled={last >= page.total} onClick={() => onPage(number + 1)}>
            Older <Icon name="right" />
          </button>
        </nav>
      )}
      {lightbox}
    </>
  );
}
