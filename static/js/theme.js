// Before the first paint: the look this device was set to. A classic script, since modules come later.
{
  let theme = null;
  try {
    theme = JSON.parse(localStorage.getItem("preferences"))?.theme;
  } catch {
    // Storage is switched off: what the system says.
  }
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
}
