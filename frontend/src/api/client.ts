// Every call to the service, by the types of its OpenAPI document; what goes wrong is thrown as Refusal or Unreachable.
import createClient from "openapi-fetch";
import { Refusal, Unreachable, refusal } from "./problem";
import type { paths } from "./schema";
import type { CompareRequest, GenerateRequest, Health, Job, ModelList, Sample, SamplesPage } from "./types";

// Relative to where the page is. That alone does not make a service below a path of a proxy (/shoes/): once it has taken a token it leads to `/`, and its documents are at `/docs`.
export const here = (path: string): string => new URL(path, new URL(".", document.baseURI)).toString();

// `fetch` is looked up at every call, so that a test can put another in its place.
const api = createClient<paths>({ baseUrl: here("").replace(/\/$/, ""), fetch: (request) => globalThis.fetch(request) });

type Locked = () => void;
let onLocked: Locked = () => undefined;
export const whenLocked = (then: Locked): void => {
  onLocked = then;
};

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

async function taken<T>(call: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await call;
  } catch (error) {
    if (error instanceof SyntaxError) throw new Refusal(502, "The answer of the service could not be read.");
    throw new Unreachable();
  }
  const { response, data, error } = answer;
  if (response.ok) return data as T;
  if (response.status === 401) onLocked();
  // A development server in front of a service that is gone answers in its place.
  if (error === undefined || error === "" || (typeof error === "string" && response.status >= 500)) {
    if (response.status >= 500) throw new Unreachable();
  }
  throw refusal(response.status, error, response.headers.get("retry-after"));
}

export interface Filter {
  model: string;
  search: string;
  favourite: boolean;
  limit: number;
  offset: number;
}

export const getModels = (): Promise<ModelList> => taken(api.GET("/api/models"));
export const getHealth = (signal?: AbortSignal): Promise<Health> => taken(api.GET("/api/health", { ...(signal && { signal }) }));
export const getExamples = (): Promise<[string, string[]][]> => taken(api.GET("/api/prompts/examples")).then((e) => Object.entries(e.categories));

// With `wait` false the answer is the state of a job, not its pictures.
export const generate = (body: GenerateRequest): Promise<Job> => taken(api.POST("/api/generate", { body: { ...body, wait: false } })) as Promise<unknown> as Promise<Job>;
export const compare = (body: CompareRequest): Promise<Job> => taken(api.POST("/api/compare", { body: { ...body, wait: false } })) as Promise<unknown> as Promise<Job>;

export const getJob = (id: string): Promise<Job> => taken(api.GET("/api/jobs/{id}", { params: { path: { id } } }));
export const cancelJob = (id: string): Promise<Job> => taken(api.DELETE("/api/jobs/{id}", { params: { path: { id } } }));
export const eventsUrl = (id: string): string => here(`api/jobs/${id}/events`);

export const getSamples = ({ model, search, favourite, limit, offset }: Filter): Promise<SamplesPage> =>
  taken(api.GET("/api/samples", { params: { query: { model, search, limit, offset, ...(favourite && { favourite: true }) } } }));
export const markSample = (id: string, favourite: boolean): Promise<Sample> => taken(api.PATCH("/api/samples/{id}", { params: { path: { id } }, body: { favourite } }));
export const deleteSample = (id: string): Promise<void> => taken(api.DELETE("/api/samples/{id}", { params: { path: { id } } }));
export const zipSamples = (ids: string[]): Promise<Blob> => taken(api.POST("/api/samples/zip", { body: { ids }, parseAs: "blob" })) as Promise<unknown> as Promise<Blob>;
export const imageUrl = (id: string): string => here(`api/samples/${id}/image`);

// The service changes its token into a cookie that scripts cannot read; pictures and events are then let through, too.
export async function unlock(token: string): Promise<boolean> {
  try {
    await fetch(`${here("")}?${new URLSearchParams({ token })}`, { cache: "no-store" });
    await getHealth();
    return true;
  } catch (error) {
    if (error instanceof Refusal && error.status === 401) return false;
    throw error;
  }
}
