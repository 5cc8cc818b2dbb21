// The clients of Backstage's stock frontend, as its packages have them, outside of a browser.
import { register } from 'node:module';
import WebSocket from 'ws';

const file = (path) => new URL(`./node_modules/.unpacked/@backstage/${path}.esm.js`, import.meta.url).href;

// One module asks for all of core-app-api, and uses one class of it, for whoever is not signed in.
const storage = file('core-app-api/dist/apis/implementations/StorageApi/WebStorage');
const hook = `export const resolve = (name, context, next) =>
  name === '@backstage/core-app-api' ? { url: ${JSON.stringify(storage)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

// What a browser has.
globalThis.window ??= globalThis;
globalThis.window.addEventListener ??= () => {};
globalThis.WebSocket = WebSocket;

export const { ProxiedSignInIdentity } = await import(file('core-components/dist/layout/ProxiedSignInPage/ProxiedSignInIdentity'));
export const { SignalClient } = await import(file('plugin-signals/dist/api/SignalClient'));
export const { NotificationsClient } = await import(file('plugin-notifications/dist/api/NotificationsClient'));
const { SearchClient } = await import(file('plugin-search/dist/apis'));
export const { UserSettingsStorage } = await import(file('plugin-user-settings/dist/apis/StorageApi/UserSettingsStorage'));

/** The APIs of a frontend whose configuration has nothing but `backend.baseUrl`. */
export function frontend(baseUrl, headers) {
  const discoveryApi = { getBaseUrl: async (plugin) => `${baseUrl}/api/${plugin}` };
  const identityApi = new ProxiedSignInIdentity({ provider: 'guest', discoveryApi, headers });
  const errors = [];
  const errorApi = { post: (error) => errors.push(error) };
  const fetchApi = {
    fetch: async (url, options = {}) => {
      const { token } = await identityApi.getCredentials();
      return fetch(url, { ...options, headers: { ...options.headers, Authorization: `Bearer ${token}` } });
    },
  };
  const signalApi = SignalClient.create({ identity: identityApi, discoveryApi, connectTimeout: 5_000, reconnectTimeout: 50 });
  const storage = UserSettingsStorage.create({ fetchApi, discoveryApi, errorApi, identityApi, signalApi });
  const notifications = new NotificationsClient({ discoveryApi, fetchApi });
  const search = new SearchClient({ discoveryApi, fetchApi });
  return { discoveryApi, identityApi, fetchApi, signalApi, storage, notifications, search, errors };
}

/** The next value of an observable that satisfies a test. */
export function next(observable, test) {
  return new Promise((resolve, reject) => {
    const subscription = observable.subscribe({
      next: (value) => {
        if (!test(value)) return;
        resolve(value);
        setImmediate(() => subscription.unsubscribe());
      },
      error: reject,
    });
  });
}
