import { createContext, useCallback, useContext, useEffect, useState, type ReactNode } from "react";

const Say = createContext<(words: string) => void>(() => undefined);

// Says what was done ("Copied"), to the eye for some seconds and to a screen reader once.
export const useSay = () => useContext(Say);

export function Toasts({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ words: "", number: 0 });
  const say = useCallback((words: string) => setSaid((s) => ({ words, number: s.number + 1 })), []);
  useEffect(() => {
    if (!said.words) return;
    const timer = setTimeout(() => setSaid((s) => ({ ...s, words: "" })), 3500);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <Say.Provider value={say}>
      {children}
      <div className="toasts" role="status">
        {said.words && (
          <span className="toast" key={said.number}>
            {said.words}
          </span>
        )}
      </div>
    </Say.Provider>
  );
}
