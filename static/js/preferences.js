// What this device is set to, and no other: theme ("system", "light", "dark"), enter ("send", "line"; unset: as is usual
// for the device), notifications. theme.js reads the theme before the page is drawn.

const KEY = "preferences";
const SCHEMES = ["light", "dark"];

export class Preferences extends EventTarget {
  constructor() {
    super();
    addEventListener("storage", ({ key }) => key === KEY && this.#changed());
    this.dressBrowser();
  }

  get(name) {
    return this.#all[name];
  }

  // The browser's own bars.
  dressBrowser() {
    const { theme } = document.documentElement.dataset;
    for (const scheme of SCHEMES) {
      const media = theme ? (theme === scheme ? "all" : "not all") : `(prefers-color-scheme: ${scheme})`;
      document.querySelector(`meta[data-scheme="${scheme}"]`).media = media;
    }
  }

  // Lost at the end of the visit where storage is switched off.
  set(name, value) {
    const all = { ...this.#all, [name]: value };
    this.kept = all;
    try {
      localStorage.setItem(KEY, JSON.stringify(all));
    } catch (error) {
      if (!(error instanceof DOMException)) throw error;
    }
    this.#changed();
  }

  get #all() {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      return this.kept ?? {};
    }
  }

  // As theme.js did it at the start.
  #changed() {
    const theme = this.get("theme");
    if (SCHEMES.includes(theme)) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
    this.dressBrowser();
    this.dispatchEvent(new Event("change"));
  }
}
