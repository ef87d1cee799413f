/** Light or dark: as the system says, or as somebody has chosen for this screen. */

const KEY = 'gantry.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

/** `auto`, `light` or `dark`. */
export const theme = () => localStorage.getItem(KEY) ?? 'auto';

export function setTheme(choice) {
  if (choice === 'auto') localStorage.removeItem(KEY);
  else localStorage.setItem(KEY, choice);
  apply();
}

function apply() {
  const choice = theme();
  document.documentElement.dataset.theme = choice === 'auto' ? (dark.matches ? 'dark' : 'light') : choice;
  document.dispatchEvent(new Event('themechange'));
}

dark.addEventListener('change', apply);
window.addEventListener('storage', (event) => event.key === KEY && apply());
apply();
