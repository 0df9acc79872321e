// What can go wrong between page and service, as sentences for people (problem details, RFC 9457).

export type FieldErrors = Record<string, string>;

export class Refusal extends Error {
  constructor(
    readonly status: number,
    message: string,
    readonly fields: FieldErrors = {},
    readonly retryAfter: number | null = null, // seconds
  ) {
    super(message);
  }
}

export class Unreachable extends Error {
  constructor() {
    super("The service does not answer. It may have been stopped; the page goes on as soon as it is back.");
  }
}

// One sentence per kind of answer, for services (or proxies in front of them) that send none.
const KNOWN: Record<number, string> = {
  401: "The service asks for its token.",
  404: "This is not there any more.",
  409: "This does not fit what the service is doing now.",
  413: "This is more than the service takes at once.",
  422: "Some of the settings do not fit.",
  429: "The queue is full.",
  502: "The service does not answer.",
  503: "The service cannot do this now.",
};

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

export function refusal(status: number, body: unknown, retryAfter: string | null = null): Refusal {
  const problem = record(body);
  const fields: FieldErrors = {};
  for (const error of Array.isArray(problem.errors) ? problem.errors : []) {
    const { field, message } = record(error);
    if (typeof field === "string" && typeof message === "string") fields[field] ??= message.replace(/^Value error, /, "");
  }
  const detail = typeof problem.detail === "string" ? problem.detail : "";
  const seconds = retryAfter !== null && /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
  return new Refusal(status, detail || KNOWN[status] || `The service answered ${status}.`, fields, seconds);
}

export const words = (error: unknown): string => (error instanceof Error ? error.message : String(error));

// By field of the form: `prompts.0` is the one prompt there is.
export function fieldErrors(error: unknown): FieldErrors {
  if (!(error instanceof Refusal)) return {};
  const named = Object.entries(error.fields).map(([field, message]) => [field.split(".")[0] ?? "", message]);
  return Object.fromEntries(named.map(([field, message]) => [field === "prompts" ? "prompt" : field, message]).reverse());
}
