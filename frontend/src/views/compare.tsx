import { useEffect, useId, useRef, type FormEvent } from "react";
import { compare } from "../api/client";
import type { CompareRequest, Job, Sample } from "../api/types";
import { NumberField } from "../parts/field";
import { ModelChecks } from "../parts/models";
import { Notice } from "../parts/notice";
import { outcome, Progress } from "../parts/progress";
import { PromptField } from "../parts/prompt";
import { NegativePrompt, PaintSettings } from "../parts/settings";
import { SideBySide } from "../parts/sidebyside";
import { Stage } from "../parts/stage";
import { PictureTools } from "../parts/tools";
import { useLightbox } from "../parts/viewer";
import { chosenOf, isChoice, obstacle, proposal, type Choice } from "../state/choice";
import { useFormErrors } from "../state/form";
import type { JobControl } from "../state/job";
import { LIMITS, newSeed, requestOf, type Settings } from "../state/settings";
import { useStored } from "../state/stored";
import { useStudio } from "../state/studio";
import { isOver } from "../state/work";

export function compareRequest(settings: Settings, models: string[], num_images: number): CompareRequest {
  const { model_name: _, prompt, ...rest } = requestOf({ ...settings, num_images });
  return { ...rest, prompts: [prompt], models };
}

export function CompareView({ work }: { work: JobControl<CompareRequest> }) {
  const { settings: s, set, models, model, examples } = useStudio();
  const [choice, setChoice] = useStored<Choice>("compare", { models: null, images: 1 }, isChoice);
  const form = useRef<HTMLFormElement>(null);
  const results = useRef<HTMLElement>(null);
  const errors = useFormErrors(form, work.refused);
  const running = work.work !== null && !isOver(work.work.job);
  useEffect(() => {
    if (running && results.current && results.current.getBoundingClientRect().top > innerHeight * 0.8) results.current.scrollIntoView();
  }, [running]);

  const able = models.filter((m) => m.available);
  const chosen = chosenOf(choice.models, able) ?? proposal(able, model);
  const why = obstacle(chosen.length, choice.images, able.length);
  const reason = useId();

  const send = (e?: FormEvent) => {
    e?.preventDefault();
    if (running || work.sending || why) return;
    const seed = s.locked ? s.seed : newSeed();
    if (seed !== s.seed) set({ seed });
    const request = compareRequest({ ...s, seed }, chosen, choice.images);
    void work.start(request, () => compare(request));
  };

  return (
    <div className="studio">
      <form className="panel controls" ref={form} onSubmit={send} onKeyDown={(e) => e.key === "Enter" && (e.ctrlKey || e.metaKey) && send()} noValidate aria-label="What to compare">
        <PromptField value={s.prompt} {...LIMITS.prompt} examples={examples} error={errors.prompt} onChange={(prompt) => set({ prompt })} />
        <NegativePrompt error={errors.negative_prompt} />
        <ModelChecks models={models} chosen={chosen} error={errors.models} onChange={(names) => setChoice((c) => ({ ...c, models: names }))} />
        <NumberField label="Seeds" name="num_images" value={choice.images} {...LIMITS.num_images} error={errors.num_images} hint="Each model paints with each of them." onChange={(images) => setChoice((c) => ({ ...c, images }))} />
        <PaintSettings errors={errors} />
        <div className="submit">
          {work.refused !== null && <Notice error={work.refused} />}
          {why && (
            <p className="field-hint" id={reason}>
              {why}
            </p>
          )}
          <button className="button primary" aria-disabled={running || work.sending || why !== ""} aria-describedby={why ? reason : undefined} title="Ctrl + Enter">
            {running ? "Painting…" : chosen.length === 1 ? "Compare one model" : `Compare ${chosen.length || ""} models`}
          </button>
        </div>
      </form>
      <section className="results" ref={results} aria-label="Comparison">
        {work.error !== null && <Notice error={work.error} />}
        {work.work ? (
          <Compared work={work} job={work.work.job} request={work.work.request} />
        ) : (
          <div className="empty">
            <h2>One prompt, one seed, several checkpoints</h2>
            <p className="soft">The same noise goes through each of them, so whatever differs is what the training changed. Move the slider to see it happen.</p>
          </div>
        )}
      </section>
    </div>
  );
}

// Rows of seeds, columns of models.
export function tableOf(job: Job, request: CompareRequest): { seeds: number[]; rows: (Sample | null)[][] } {
  const seeds = Array.from({ length: request.num_images ?? 1 }, (_, i) => (request.seed ?? 0) + i);
  const at = new Map(job.images.map((s) => [`${s.seed} ${s.metadata.model}`, s]));
  return { seeds, rows: seeds.map((seed) => request.models.map((model) => at.get(`${seed} ${model}`) ?? null)) };
}

function Compared({ work, job, request }: { work: JobControl<CompareRequest>; job: Job; request: CompareRequest }) {
  const { models } = useStudio();
  const [lightbox, open] = useLightbox(job.images, work.patch);
  const over = isOver(job);
  const { seeds, rows } = tableOf(job, request);
  const entries = request.models.map((name) => models.find((m) => m.name === name) ?? name);
  return (
    <>
      {!over && <Progress job={job} lost={work.lost} onCancel={() => void work.cancel()} />}
      <div className="results-head">
        <div>
          <h2>{request.prompts[0]}</h2>
          <p className="soft">
            {request.models.length} models · {request.num_inference_steps} steps · guidance {request.guidance_scale}
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
      <Stage key={job.id} entries={entries} seeds={seeds} rows={rows} onOpen={open} />
      <SideBySide entries={entries} seeds={seeds} rows={rows} busy={!over} previews={job.previews} onOpen={open} />
      {lightbox}
    </>
  );
}
