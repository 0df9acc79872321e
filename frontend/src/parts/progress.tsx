import type { Job } from "../api/types";
import { duration } from "../state/facts";

const ordinal = (n: number): string => `${n}${n % 100 > 10 && n % 100 < 14 ? "th" : (["th", "st", "nd", "rd"][n % 10] ?? "th")}`;

export function jobWords(job: Job): string {
  if (job.status === "queued") return job.position ? (job.position === 1 ? "Next in the queue" : `${ordinal(job.position)} in the queue`) : "In the queue";
  if (job.status === "running") return job.steps ? `Step ${job.step} of ${job.steps}` : "Getting ready";
  if (job.status === "cancelled") return "Cancelled";
  return job.status === "done" ? "Done" : "Failed";
}

// What a job came to, in a word after its settings.
export function outcome(job: Job): string {
  if (job.status === "done") return ` · ${job.generation_time.toFixed(1)} s`;
  return job.status === "failed" || job.status === "cancelled" ? ` · ${job.status}` : "";
}

// The bar moves for the eye; a screen reader hears the words only when they change in kind, not at every step.
export function Progress({ job, lost, onCancel }: { job: Job; lost: boolean; onCancel: () => void }) {
  const { progress, pictures, done, generation_time: spent } = job;
  const left = progress > 0.08 && spent > 2 ? (spent * (1 - progress)) / progress : null;
  return (
    <section className="panel progress" aria-label="Progress">
      <div className="progress-line">
        <p>
          <b>{lost ? "Waiting for the service" : jobWords(job)}</b>
          <span className="soft">
            {pictures > 1 && ` · ${done} of ${pictures} pictures`}
            {left !== null && !lost && ` · about ${duration(left)} left`}
          </span>
        </p>
        <button type="button" className="button quiet" onClick={onCancel}>
          Cancel
        </button>
      </div>
      <progress max={1} value={job.status === "queued" ? undefined : progress} aria-label="Painting" />
      <span className="offscreen" role="status">
        {job.status === "queued" ? jobWords(job) : done > 0 ? `${done} of ${pictures} pictures are ready` : "Painting"}
      </span>
    </section>
  );
}
