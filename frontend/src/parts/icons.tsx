// Line icons on a 20 x 20 field; the words beside or around them say what they mean, so they are hidden from screen readers.
const PATHS = {
  download: "M10 3v9m0 0 3.5-3.5M10 12 6.5 8.5M4 16h12",
  star: "m10 3 2.1 4.5 4.9.6-3.6 3.4.9 4.9-4.3-2.4-4.3 2.4.9-4.9L3 8.1l4.9-.6Z",
  lock: "M5.5 9h9v7.5h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  unlock: "M5.5 9h9v7.5h-9zM7.5 9V6a2.5 2.5 0 0 1 4.8-1",
  dice: "M4 4h12v12H4zM7.3 7.3h.01M12.7 7.3h.01M10 10h.01M7.3 12.7h.01M12.7 12.7h.01",
  copy: "M7.5 7.5H16V16H7.5zM12.5 7.5V4H4v8.5h3.5",
  close: "m5 5 10 10M15 5 5 15",
  left: "m12 5-5 5 5 5",
  right: "m8 5 5 5-5 5",
  down: "m5.5 8 4.5 4.5L14.5 8",
  play: "M7 4.5v11l8.5-5.5Z",
  pause: "M7 5v10M13 5v10",
  auto: "M10 3.5a6.5 6.5 0 0 0 0 13ZM10 3.5a6.5 6.5 0 0 1 0 13",
  light: "M10 6.8a3.2 3.2 0 1 0 0 6.4 3.2 3.2 0 0 0 0-6.4ZM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M4.3 15.7l1.3-1.3M14.4 5.6l1.3-1.3",
  dark: "M16 11.6A6.5 6.5 0 0 1 8.4 4a6.5 6.5 0 1 0 7.6 7.6Z",
  json: "M7.5 4C5 4 6.5 9 4 10c2.5 1 1 6 3.5 6M12.5 4C15 4 13.5 9 16 10c-2.5 1-1 6-3.5 6",
  reuse: "M4 10a6 6 0 0 1 10.3-4.2L16 7.5M16 4v3.5h-3.5M16 10a6 6 0 0 1-10.3 4.2L4 12.5M4 16v-3.5h3.5",
  compare: "M3.5 4.5h5.5v11H3.5zM11 4.5h5.5v11H11z",
  trash: "M4 5.5h12M8 5.5V3.5h4v2M5.5 5.5l.7 11h7.6l.7-11M8.5 8.5v5M11.5 8.5v5",
  search: "M9 4a5 5 0 1 0 0 10A5 5 0 0 0 9 4Zm3.7 8.7L16 16",
  spark: "M10 3.5 11.5 8 16 9.5 11.5 11 10 15.5 8.5 11 4 9.5 8.5 8ZM15.5 14v3M14 15.5h3",
} as const;

export function Icon({ name, filled = false }: { name: keyof typeof PATHS; filled?: boolean }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
      <path d={PATHS[name]} fill={filled ? "currentColor" : "none"} stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
