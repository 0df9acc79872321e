import type { Model } from "../api/types";

const VERDICTS = {
  recommended: { className: "badge pick", says: "recommended" },
  tied: { className: "badge tied", says: "tied for best" },
  worse: { className: "badge", says: "worse" },
  excluded: { className: "badge bad", says: "fails a gate" },
} as const;

// What is known of a model, in two small words: how long it was trained and what its evaluation says.
export function ModelBadges({ model, stepless = false }: { model: Model; stepless?: boolean }) {
  const verdict = model.evaluation && VERDICTS[model.evaluation.badge];
  return (
    <span className="badges">
      {model.step !== null && !stepless && !model.name.endsWith(`-${model.step}`) && <span className="badge">step {model.step}</span>}
      {model.type === "final" && !stepless && <span className="badge">final</span>}
      {verdict && <span className={verdict.className}>{verdict.says}</span>}
      {model.fault && <span className="badge bad">cannot paint</span>}
    </span>
  );
}

const shown = (value: number | undefined | null, digits: number) => (typeof value === "number" ? value.toFixed(digits) : null);

export function modelMetrics(model: Model): string {
  const m = model.evaluation?.metrics ?? {};
  const kid = shown(m.kid, 3);
  const se = shown(m.kid_se, 3);
  const white = typeof m.white_border === "number" ? `${Math.round(100 * m.white_border)} % white border` : null;
  const colour = typeof m.colour_match === "number" ? `${Math.round(100 * m.colour_match)} % colour as asked` : null;
  return [kid && `KID ${kid}${se ? ` ± ${se}` : ""}`, white, colour].filter(Boolean).join(" · ");
}
