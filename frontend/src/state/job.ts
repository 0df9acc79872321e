import { useCallback, useEffect, useRef, useState } from "react";
import { cancelJob, eventsUrl, getJob } from "../api/client";
import { Refusal, Unreachable } from "../api/problem";
import type { Job, Sample } from "../api/types";
import { readStored, writeStored } from "./stored";
import { failureOf, forgotten, isOver, isWork, type Work } from "./work";

export interface JobControl<R> {
  work: Work<R> | null;
  sending: boolean;
  lost: boolean; // the service is gone, or the events stopped
  refused: unknown; // why the last request was not taken
  error: unknown; // why a job that was taken failed, or could not be cancelled
  start: (request: R, send: () => Promise<Job>) => Promise<void>;
  cancel: () => Promise<void>;
  patch: (sample: Sample) => void;
  drop: (id: string) => void; // of a picture that was deleted
}

const EVENTS = ["progress", "done", "failed", "cancelled"] as const;
const RETRY_MS = 1500;
const answered = (error: unknown, status: number) => error instanceof Refusal && error.status === status;

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
  const [work, setWork] = useState(() => readStored<Work<R> | null>(key, null, (v): v is Work<R> | null => isWork(kind, v)));
  const [sending, setSending] = useState(false);
  const [lost, setLost] = useState(false);
  const [refused, setRefused] = useState<unknown>(null);
  const [stuck, setStuck] = useState<unknown>(null); // why the job could not be cancelled
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
      if (isOver(job)) setStuck(null);
      keep({ ...now, job: newer(now.job, job) });
    },
    [keep],
  );
  const forget = useCallback(
    (id: string) => {
      const now = latest.current;
      if (now?.job.id === id && !isOver(now.job)) take(forgotten(now.job));
    },
    [take],
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
        if (answered(error, 404)) forget(following);
        else timer = setTimeout(() => void ask(), RETRY_MS);
      }
    };
    open();
    return () => {
      current = false;
      clearTimeout(timer);
      events?.close();
    };
  }, [following, take, forget]);

  const start = useCallback(
    async (request: R, send: () => Promise<Job>) => {
      setSending(true);
      setRefused(null);
      try {
        const job = await send();
        setStuck(null);
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
    setStuck(null);
    try {
      take(await cancelOrLook(id));
    } catch (error) {
      if (answered(error, 404)) forget(id);
      else setStuck(error instanceof Unreachable ? new Error("The service does not answer, so the job was not cancelled.") : error);
    }
  }, [take, forget]);
  const change = useCallback(
    (images: (old: Sample[]) => Sample[]) => {
      const now = latest.current;
      if (now) keep({ ...now, job: { ...now.job, images: images(now.job.images) } });
    },
    [keep],
  );
  const patch = useCallback((sample: Sample) => change((old) => old.map((s) => (s.id === sample.id ? sample : s))), [change]);
  const drop = useCallback((id: string) => change((old) => old.filter((s) => s.id !== id)), [change]);
  return { work, sending, lost, refused, error: stuck ?? (work && failureOf(work.job)), start, cancel, patch, drop };
}

// A job that was over before it could be cancelled is looked at instead.
async function cancelOrLook(id: string): Promise<Job> {
  try {
    return await cancelJob(id);
  } catch (error) {
    if (answered(error, 409)) return getJob(id);
    throw error;
  }
}
