import { useState } from "react";
import { words } from "../api/problem";
import { Icon } from "./icons";

// Deletes when it is pressed twice: what is gone cannot be brought back.
export function DeleteButton({ onDelete }: { onDelete: () => Promise<void> }) {
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState("");
  const remove = () => onDelete().catch((e: unknown) => setError(words(e)));
  if (!asked)
    return (
      <button type="button" className="button quiet" onClick={() => setAsked(true)}>
        <Icon name="trash" /> Delete
      </button>
    );
  return (
    <div className="confirm" role="group" aria-label="Delete this picture">
      <p>Delete this picture from the history? It cannot be brought back.</p>
      {error && (
        <p className="field-error" role="alert">
          {error}
        </p>
      )}
      <button type="button" className="button danger" onClick={() => void remove()}>
        <Icon name="trash" /> Delete it
      </button>
      <button type="button" className="button quiet" autoFocus onClick={() => setAsked(false)}>
        Keep it
      </button>
    </div>
  );
}
