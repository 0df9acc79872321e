import { useEffect, useRef, useState, type FormEvent } from "react";
import { unlock } from "../api/client";
import { words } from "../api/problem";
import { Field } from "./field";

// Asked for when the service answers 401; nothing works without it, so the dialog cannot be closed.
export function Unlock({ onDone }: { onDone: () => void }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [token, setToken] = useState("");
  const [error, setError] = useState("");
  useEffect(() => {
    if (!dialog.current?.open) dialog.current?.showModal();
  }, []);
  const send = async (e: FormEvent) => {
    e.preventDefault();
    try {
      if (await unlock(token.trim())) onDone();
      else setError("This is not the token of this service.");
    } catch (error) {
      setError(words(error));
    }
  };
  return (
    <dialog ref={dialog} className="unlock" aria-labelledby="unlock-title" onCancel={(e) => e.preventDefault()}>
      <form onSubmit={send}>
        <h2 id="unlock-title">This service asks for its token</h2>
        <p className="soft">It was given with --token, or in the environment, when the service was started.</p>
        <Field label="Token" name="token" error={error}>
          {(ids) => <input {...ids} type="password" autoComplete="current-password" required value={token} onChange={(e) => setToken(e.target.value)} />}
        </Field>
        <button className="button">Open</button>
      </form>
    </dialog>
  );
}
