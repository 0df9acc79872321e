import { useEffect, useRef, type FormEvent, type KeyboardEvent } from "react";
import { generate } from "../api/client";
import type { GenerateRequest, Job, Sample } from "../api/types";
import { Card, Coming, Grid } from "../parts/gallery";
import { NumberField } from "../parts/field";
import { ModelPicker } from "../parts/models";
import { Notice } from "../parts/notice";
import { outcome, Progress } from "../parts/progress";
import { PromptField } from "../parts/prompt";
import { NegativePrompt, PaintSettings } from "../parts/settings";
import { PictureTools } from "../parts/tools";
import { useFormErrors } from "../state/form";
import type { JobControl } from "../state/job";
import { LIMITS, newSeed, requestOf } from "../state/settings";
import { useStudio } from "../state/studio";
import { isOver } from "../state/work";
import { useLightbox } from "../parts/viewer";

export function GenerateView({ work }: { work: JobControl<GenerateRequest> }) {
  const { settings: s, set, models, model, examples } = useStudio();
  const form = useRef<HTMLFormElement>(null);
  const results = useRef<HTMLElement>(null);
  const running = work.work !== null && !isOver(work.work.job);
  const errors = useFormErrors(form, work.refused);
  useEffect(() => {
    if (running && results.current && results.current.getBoundingClientRect().top > innerHeight * 0.8) results.current.scrollIntoView();
  }, [running]);

  const send = (e?: FormEvent) => {
    e?.preventDefault();
    if (running || work.sending) return;
    const seed = s.locked ? s.seed : newSeed();
    if (seed !== s.seed) set({ seed });
    const request = requestOf({ ...s, seed, model_name: model });
    void work.start(request, () => generate(request));
  };
  const onKey = (e: KeyboardEvent) => {
    if (e.key === "Enter" && (e.ctrlKey || e.metaKey)) send();
  };

  return (
    <div className="studio">
      <form className="panel controls" ref={form} onSubmit={send} onKeyDown={onKey} noValidate aria-label="What to paint">
        <PromptField value={s.prompt} {...LIMITS.prompt} examples={examples} error={errors.prompt} onChange={(prompt) => set({ prompt })} />
        <NegativePrompt error={errors.negative_prompt} />
        <ModelPicker models={models} value={model} error={errors.model_name} onChange={(model_name) => set({ model_name })} />
        <NumberField label="Images" name="num_images" value={s.num_images} {...LIMITS.num_images} error={errors.num_images} onChange={(num_images) => set({ num_images })} />
        <PaintSettings errors={errors} />
        <div className="submit">
          {work.refused !== null && <Notice error={work.refused} />}
          <button className="button primary" aria-disabled={running || work.sending} title="Ctrl + Enter">
            {running ? "Painting…" : `Generate ${s.num_images === 1 ? "one picture" : `${s.num_images} pictures`}`}
          </button>
        </div>
      </form>
      <section className="results" ref={results} aria-label="Pictures">
        {work.error !== null && <Notice error={work.error} />}
        {work.work ? <Painted work={work} job={work.work.job} request={work.work.request} /> : <Empty />}
      </section>
    </div>
  );
}

function Empty() {
  const { examples, set } = useStudio();
  const some = examples.map(([, prompts]) => prompts[0]).filter((p) => p !== undefined).slice(0, 3);
  return (
    <div className="empty">
      <h2>Nothing painted yet</h2>
      <p className="soft">Say what you would like to see, choose a checkpoint, and generate. Or begin with one of these:</p>
      <ul>
        {some.map((prompt) => (
          <li key={prompt}>
            <button type="button" className="suggestion" onClick={() => set({ prompt })}>
              {prompt}
            </button>
          </li>
        ))}
      </ul>
    </div>
  );
}

// A place for each picture from the start, so that nothing jumps when they arrive.
export function placesOf(job: Job, seeds: number[]): (Sample | null)[] {
  return seeds.map((seed) => job.images.find((s) => s.seed === seed) ?? null);
}

function Painted({ work, job, request }: { work: JobControl<GenerateRequest>; job: Job; request: GenerateRequest }) {
  const { favourite } = useStudio();
  const [lightbox, open] = useLightbox(job.images, work.patch);
  const over = isOver(job);
  const seeds = Array.from({ length: job.pictures }, (_, i) => (request.seed ?? 0) + i);
  const places = placesOf(job, seeds);
  let next = 0; // the previews are those of the first pictures that are not there yet
  return (
    <>
      {!over && <Progress job={job} lost={work.lost} onCancel={() => void work.cancel()} />}
      <div className="results-head">
        <div>
          <h2>{request.prompt}</h2>
          <p className="soft">
            {request.model_name} · {request.num_inference_steps} steps · guidance {request.guidance_scale}
            {outcome(job)}
          </p>
        </div>
        {over && job.images.length > 0 && <PictureTools samples={job.images} />}
      </div>
      {job.notes.map((note) => (
        <p className="note" key={note}>
          Note: {note}.
        </p>
      ))}
      {over && job.images.length === 0 && job.status === "cancelled" && <p className="soft">Cancelled before the first picture was done.</p>}
      <Grid label="Painted pictures" busy={!over}>
        {places.map((sample, i) =>
          sample ? (
            <Card
              key={i}
              sample={sample}
              onOpen={() => open(sample.id)}
              onFavourite={() =>
                void favourite(sample).then((s) => {
                  if (s) work.patch(s);
                })
              }
            />
          ) : (
            !over && <Coming key={i} number={i + 1} preview={job.previews[next++]} />
          ),
        )}
      </Grid>
      {lightbox}
    </>
  );
}
