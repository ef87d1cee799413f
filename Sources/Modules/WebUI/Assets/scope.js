/** What is looked at: a project and, within it, one app's realm. It stands in the address, and is remembered. */
import { fleet } from './fleet.js';
import { route } from './router.js';

const KEY = 'gantry.realm';

/** The realm's description (`fleet.realms`); null when there is none yet. */
export function realmInfo() {
  const { realms } = fleet;
  const named = (uri) => realms.find((realm) => realm.uri === uri);
  return named(route.get('realm')) ?? named(localStorage.getItem(KEY)) ?? liveliest(realms);
}

/** Where most devices are; of equals a real one rather than one for trying things. */
function liveliest(realms) {
  const online = (realm) => fleet.devices.filter((device) => device.isOnline && isIn(device, realm)).length;
  const rank = (realm) => online(realm) + (realm.stage === 'prod' ? 0.5 : 0);
  return realms.reduce((best, realm) => best && rank(best) >= rank(realm) ? best : realm, null);
}

/** The realm itself, joined. */
export function appRealm() {
  const info = realmInfo();
  return info && fleet.realm(info.uri);
}

/** The project on screen; null when there is none yet. */
export function swarmKey() {
  return realmInfo()?.swarmKey ?? fleet.projects[0]?.key ?? null;
}

export function chooseRealm(uri) {
  localStorage.setItem(KEY, uri);
  // Choices that belong to the realm that is left make no sense in the next one.
  route.go(route.address(route.path === '/device' ? '/devices' : route.path, { realm: uri }));
}

/** The address of a page in the realm on screen. */
export const link = (path, choices = {}) => route.address(path, { realm: realmInfo()?.uri, ...choices });

/** The devices that have to do with a realm: the app is installed on them, or they have joined it. */
export function devicesOf(realm) {
  const inProject = fleet.devices.filter((device) => device.swarmKey === realm.swarmKey);
  const here = inProject.filter((device) => isIn(device, realm));
  return here.length ? here : inProject;
}

function isIn(device, { swarmKey, appKey, stage, uri }) {
  return device.swarmKey === swarmKey
    && (device.realms.includes(uri) || device.installs.some((install) => install.app_key === appKey && install.stage === stage));
}
