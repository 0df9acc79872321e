import { useCallback, useEffect, useRef, useState } from "react";
import { cancelJob, eventsUrl, getJob } from "../api/client";
import { Refusal, Unreachable, refusal } from "../api/problem";
import type { Job, Sample } from "../api/types";
import { readStored, writeStored } from "./stored";

export const isOver = (job: Job): boolean => !["queued", "running"].includes(job.status);

export interface Work<R> {
  job: Job;
  request: R;
}

export interface JobControl<R> {
  work: Work<R> | null;
  sending: boolean;
  lost: boolean; // the service is gone, or the events stopped
  refused: unknown; // why the last request was not taken
  error: unknown; // why a job that was taken failed
  start: (request: R, send: () => Promise<Job>) => Promise<void>;
  cancel: () => Promise<void>;
  patch: (sample: Sample) => void;
}

const isWork = (v: unknown): v is Work<never> | null => v === null || (typeof v === "object" && v !== null && "job" in v && "request" in v);
const EVENTS = ["progress", "done", "failed", "cancelled"] as const;
const RETRY_MS = 1500;

// A newer state of a job; what was marked meanwhile stays marked, because a job knows its pictures as they were when painted.
export function newer(old: Job | undefined, job: Job): Job {
  if (old?.id !== job.id) return job;
  const marked = new Map(old.images.map((s) => [s.id, s.favourite]));
  const same = job.images.length === old.images.length;
  return { ...job, images: same ? old.images : job.images.map((s) => ({ ...s, favourite: marked.get(s.id) ?? s.favourite })) };
}

// One job at a time, followed by server-sent events, picked up again after a reload or when the service is back.
export function useJob<R>(kind: "generate" | "compare"): JobControl<R> {
  const key = `work.${kind}`;
  const [work, setWork] = useState(() => readStored<Work<R> | null>(key, null, isWork as (v: unknown) => v is Work<R> | null));
  const [sending, setSending] = useState(false);
  const [lost, setLost] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const [error, setError] = useState<unknown>(null);
  const latest = useRef(work);

  const keep = useCallback(
    (next: Work<R> | null) => {
      const before = latest.current?.job;
      latest.current = next;
      setWork(next);
      // Not at every step: only what a reload would miss is written.
      if (before?.id !== next?.job.id || before?.status !== next?.job.status || before?.images !== next?.job.images) writeStored(key, next && { ...next, job: { ...next.job, previews: [] } });
    },
    [key],
  );
  const take = useCallback(
    (job: Job) => {
      const now = latest.current;
      if (now?.job.id !== job.id) return;
      setLost(false);
      keep({ ...now, job: newer(now.job, job) });
      if (job.status === "failed" && job.error) setError(refusal(job.error.status, job.error));
    },
    [keep],
  );

  const following = work && !isOver(work.job) ? work.job.id : null;
  useEffect(() => {
    if (!following) return;
    let events: EventSource | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let current = true;
    const open = () => {
      events = new EventSource(eventsUrl(following), { withCredentials: true });
      for (const name of EVENTS)
        events.addEventListener(name, (e) => {
          take(JSON.parse((e as MessageEvent<string>).data) as Job);
          if (name !== "progress") events?.close();
        });
      events.onerror = () => {
        if (!current) return;
        setLost(true);
        if (events?.readyState === EventSource.CLOSED) void ask(); // the browser does not try again by itself
      };
    };
    const ask = async () => {
      try {
        const job = await getJob(following);
        if (!current) return;
        take(job);
        if (!isOver(job)) open();
      } catch (error) {
        if (!current) return;
        if (error instanceof Refusal && error.status === 404) {
          const now = latest.current;
          if (now) keep({ ...now, job: { ...now.job, status: "failed", position: null } });
          setLost(false);
          setError(new Refusal(404, "The service was started anew and does not know this job any more. What it had painted is in the history."));
        } else timer = setTimeout(() => void ask(), RETRY_MS);
      }
    };
    open();
    return () => {
      current = false;
      clearTimeout(timer);
      events?.close();
    };
  }, [following, take, keep]);

  const start = useCallback(
    async (request: R, send: () => Promise<Job>) => {
      setSending(true);
      setRefused(null);
      try {
        const job = await send();
        setError(null);
        keep({ job, request });
      } catch (error) {
        setRefused(error);
      }
      setSending(false);
    },
    [keep],
  );
  const cancel = useCallback(async () => {
    const id = latest.current?.job.id;
    if (!id) return;
    try {
      take(await cancelJob(id));
    } catch (error) {
      if (error instanceof Refusal && error.status === 409) take(await getJob(id)); // it was over before
      else if (!(error instanceof Unreachable)) setError(error);
    }
  }, [take]);
  const patch = useCallback(
    (sample: Sample) => {
      const now = latest.current;
      if (now) keep({ ...now, job: { ...now.job, images: now.job.images.map((s) => (s.id === sample.id ? sample : s)) } });
    },
    [keep],
  );
  return { work, sending, lost, refused, error, start, cancel, patch };
}
