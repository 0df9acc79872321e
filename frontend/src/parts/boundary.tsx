import { Component, type ReactNode } from "react";
import { words } from "../api/problem";
import { forgetStored } from "../state/stored";

// Instead of a white page when a part of it breaks; without this, what is stored would break it again at every reload.
export class Boundary extends Component<{ children: ReactNode }, { error: unknown; broken: boolean }> {
  override state = { error: null, broken: false };
  static getDerivedStateFromError(error: unknown) {
    return { error, broken: true };
  }
  override render() {
    return this.state.broken ? <Broken error={this.state.error} /> : this.props.children;
  }
}

function Broken({ error }: { error: unknown }) {
  const forget = () => {
    forgetStored();
    location.reload();
  };
  return (
    <main className="empty">
      <h1>The page broke</h1>
      <p role="alert">It met something that it cannot show. The pictures are safe with the service; what this browser remembers, such as the form, may be the cause.</p>
      <button type="button" className="button" onClick={forget}>
        Forget what this page stored and reload
      </button>
      <p className="faint">{words(error)}</p>
    </main>
  );
}
