import { useEffect } from "react";
import type { CompareRequest, GenerateRequest } from "./api/types";
import { Boundary } from "./parts/boundary";
import { HealthPill } from "./parts/health";
import { Icon } from "./parts/icons";
import { Toasts } from "./parts/toast";
import { Unlock } from "./parts/unlock";
import { useHealth } from "./state/health";
import { useJob } from "./state/job";
import { routeHash, useRoute, VIEWS } from "./state/route";
import { StudioProvider, useStudio } from "./state/studio";
import { THEMES, useTheme } from "./state/theme";
import { isOver } from "./state/work";
import { CompareView } from "./views/compare";
import { GenerateView } from "./views/generate";
import { HistoryView } from "./views/history";

const NAMES = { generate: "Generate", compare: "Compare", history: "History" } as const;

export function App() {
  return (
    <Boundary>
      <Page />
    </Boundary>
  );
}

function Page() {
  const [health, askAgain] = useHealth();
  return (
    <Toasts>
      <StudioProvider health={health}>
        <Shell askAgain={askAgain} />
        {health.kind === "locked" && <Unlock onDone={askAgain} />}
      </StudioProvider>
    </Toasts>
  );
}

function Shell({ askAgain }: { askAgain: () => void }) {
  const { health, notes } = useStudio();
  const { view, params } = useRoute();
  const generating = useJob<GenerateRequest>("generate"); // followed wherever one looks
  const comparing = useJob<CompareRequest>("compare");
  const painting = [generating, comparing].some(({ work }) => work !== null && !isOver(work.job));
  const forget = (id: string) => [generating, comparing].forEach(({ drop }) => drop(id));
  useEffect(askAgain, [painting, askAgain]); // the indicator in the corner follows at once
  useEffect(() => {
    document.title = `${NAMES[view]} · shoes-lora`;
  }, [view]);
  return (
    <>
      <a className="skip" href="#main" onClick={(e) => (e.preventDefault(), document.getElementById("main")?.focus())}>
        To the content
      </a>
      <header className="top">
        <span className="brand">
          <img src="./mark.svg" alt="" width="28" height="28" /> shoes-lora
        </span>
        <nav aria-label="Views">
          {VIEWS.map((v) => (
            <a key={v} href={routeHash(v)} aria-current={v === view ? "page" : undefined}>
              {NAMES[v]}
            </a>
          ))}
        </nav>
        <div className="top-right">
          <HealthPill health={health} />
          <ThemeButton />
        </div>
      </header>
      {health.kind === "gone" && (
        <div className="banner" role="alert">
          The service does not answer. It may have been stopped; the page goes on as soon as it is back.
        </div>
      )}
      {health.kind === "failed" && (
        <div className="banner" role="alert">
          {health.detail}
        </div>
      )}
      <main id="main" tabIndex={-1}>
        <h1 className="offscreen">{NAMES[view]}</h1>
        {notes.map((note) => (
          <p className="note" key={note}>
            Note: {note}
          </p>
        ))}
        {view === "generate" && <GenerateView work={generating} />}
        {view === "compare" && <CompareView work={comparing} />}
        {view === "history" && <HistoryView params={params} onDelete={forget} />}
      </main>
    </>
  );
}

function ThemeButton() {
  const [theme, setTheme] = useTheme();
  const next = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
  const names = { auto: "as the system", light: "light", dark: "dark" } as const;
  return (
    <button type="button" className="tool" aria-label={`Colours: ${names[theme]}. Change to ${names[next]}`} title={`Colours: ${names[theme]}`} onClick={() => setTheme(next)}>
      <Icon name={theme} />
    </button>
  );
}
