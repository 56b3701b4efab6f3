// The service worker, as the page knows it. Without one (plain http from another machine) the page needs its network.

export async function register(onOpen) {
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.addEventListener("message", ({ data }) => data.t === "open" && onOpen(data.conv));
  try {
    await navigator.serviceWorker.register("/worker.js");
  } catch (error) {
    console.info("no service worker:", error.name);
  }
}

// What is kept of this person's page goes with them.
export const forgetPage = async () => globalThis.caches?.delete("pages");

// As the server has it now, and for whoever is signed in by now.
export async function loadAnew() {
  await forgetPage();
  location.reload();
}

export const toSignIn = () => location.replace("/sign-in/");
