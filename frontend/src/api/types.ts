// Short names for the messages of the service; their shapes come from its OpenAPI document.
import type { components } from "./schema";

type Schemas = components["schemas"];
export type Model = Schemas["ModelEntry"];
export type ModelList = Schemas["ModelList"];
export type Sample = Schemas["Picture"];
export type SamplesPage = Schemas["SamplesPage"];
export type Job = Schemas["JobState"];
export type Health = Schemas["Health"];
export type GenerateRequest = Schemas["GenerateRequest"];
export type CompareRequest = Schemas["CompareRequest"];
export type Scheduler = NonNullable<GenerateRequest["scheduler"]>;
